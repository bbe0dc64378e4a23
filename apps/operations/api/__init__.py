"""The endpoints under /api/v1/operations/, on the operator's plane."""
