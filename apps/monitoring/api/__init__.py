"""The endpoints under /api/v1/monitoring/, on the operator's plane."""
