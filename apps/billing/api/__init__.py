"""The endpoints under /api/v1/billing/: plans at the platform, its own plan at a tenant."""
