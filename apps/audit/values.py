"""Values of fields as text for people."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import localize
from django.utils.translation import gettext

from apps.kernel.notation.shown import shown_instant


def shown(value: object) -> str:
    if value in (None, "", [], {}):
        return gettext("nothing")
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, dt.datetime):
        return shown_instant(value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shown(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(shown(part) for part in value)
    return str(localize(value))
