"""What is searched in items."""

from __future__ import annotations

from apps.kernel.search import Search

ITEMS = Search(texts=("sku", "name"))
