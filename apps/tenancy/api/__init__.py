"""The endpoints under /api/v1/tenancy/, on the operator's plane."""
