"""Tenants: whose data it is, where it lies, and how a request finds it."""
