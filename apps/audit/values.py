"""Values of fields as text for people."""

from __future__ import annotations

from django.utils.formats import localize
from django.utils.translation import gettext


def shown(value: object) -> str:
    if value in (None, ""):
        return gettext("nothing")
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return str(localize(value))
