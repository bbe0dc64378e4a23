"""The database engine: PostgreSQL, seen through the current tenant."""
