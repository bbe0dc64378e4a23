"""The endpoints under /api/v1/audit/: the platform's own trail to operators, each tenant's to itself."""
