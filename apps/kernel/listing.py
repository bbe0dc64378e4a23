"""Lists of names in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext


def listed(names: Sequence[str], limit: int, separator: str = ", ") -> str:
    """The first names, and the number of the others: "a, b and 3 more"."""
    first, more = separator.join(names[:limit]), len(names) - limit
    return gettext("{names} and {more} more").format(names=first, more=more) if more > 0 else first
