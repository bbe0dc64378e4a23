"""The module system: manifests, their order, and the URLs of their endpoints."""
