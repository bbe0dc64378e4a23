"""What is searched in users."""

from __future__ import annotations

from apps.kernel.search import Search

USERS = Search(texts=("name", "email"))
