"""The companies of a tenant, and how they belong together."""
