"""The endpoints under /api/v1/audit/: the platform's own audit log to operators, each tenant's to itself."""
