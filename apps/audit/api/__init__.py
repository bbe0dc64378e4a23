"""The endpoints under /api/v1/audit/: operators read the platform's audit log, tenants their own."""
