"""Values of fields as text for people."""

from __future__ import annotations

import ast
import datetime as dt
import re
from contextlib import suppress

from django.utils.formats import localize
from django.utils.translation import gettext

from apps.kernel.notation.shown import shown_instant

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d:\d\d")
_COLLECTION = re.compile(r"[\[{](['\]}].*)", re.DOTALL)


def shown(value: object) -> str:
    if isinstance(value, str):
        value = _recorded(value)
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


def _recorded(text: str) -> object:
    """The value behind a text of a change, which the audit log writes as Python prints it; else the text."""
    if _INSTANT.fullmatch(text):
        return dt.datetime.fromisoformat(text)
    if _COLLECTION.fullmatch(text):
        with suppress(ValueError, SyntaxError):
            return ast.literal_eval(text)
    return text
