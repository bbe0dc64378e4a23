"""Sagas across apps, and oversight of tenants. It owns no business models."""
