"""Base classes of the endpoints under /api/v1/: serializers derived from commands, views, paging."""
