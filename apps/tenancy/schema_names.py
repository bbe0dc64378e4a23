"""Names of tenants' schemas: the configured prefix and a number."""

from __future__ import annotations

from django.conf import settings


def tenant_schema_pattern() -> str:
    """A regular expression, for PostgreSQL and Python."""
    return f"^{settings.TENANT_SCHEMA_PREFIX}[0-9]+$"
