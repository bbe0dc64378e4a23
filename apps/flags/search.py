"""What is searched in flags."""

from __future__ import annotations

from apps.kernel.search import Search

FLAGS = Search(texts=("key", "description", "owner"))
