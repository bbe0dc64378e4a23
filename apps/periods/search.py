"""What is searched in periods."""

from __future__ import annotations

from apps.kernel.search import Search

PERIODS = Search(texts=("code",))
