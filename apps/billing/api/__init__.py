"""The endpoints under /api/v1/billing/: plans on the platform, the own plan in a tenant."""
