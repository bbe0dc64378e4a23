"""What is searched in tenants."""

from __future__ import annotations

from apps.kernel.search import Search

TENANTS = Search(texts=("name", "slug", "owner_email"))
