"""Tenants: their schemas, databases and lifecycle, and the routing of requests to them."""
