"""Which databases there are, which of them a tenant's data is in, and which a new tenant gets."""
