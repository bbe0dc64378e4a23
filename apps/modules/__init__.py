"""The module system: manifests, their order, and where their endpoints are mounted."""
