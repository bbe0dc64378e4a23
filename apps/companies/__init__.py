"""The companies of a tenant, and their hierarchy."""
