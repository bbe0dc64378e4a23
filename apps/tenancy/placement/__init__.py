"""The databases, the database of each tenant, and the placement of new tenants."""
