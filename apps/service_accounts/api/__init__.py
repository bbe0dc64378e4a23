"""The endpoints under /api/v1/service-accounts/."""
