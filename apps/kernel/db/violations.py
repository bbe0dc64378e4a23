"""Violated constraints and raised SQLSTATEs as the refusals that declare them."""

from __future__ import annotations

import re

from django.db import Error as DatabaseError

from apps.kernel.errors import Refusal
from apps.kernel.text import TextNotNormal

from .text_columns import SUFFIX


def refusal_behind(error: DatabaseError) -> Refusal | None:
    """The refusal that declares the violated constraint or SQLSTATE in `enforced_by`, or None."""
    cause = error.__cause__
    diagnosis = getattr(cause, "diag", None)
    if diagnosis is None:
        return None
    names = (getattr(cause, "sqlstate", None), diagnosis.constraint_name)
    for name in names:
        if name in Refusal._by_database:
            return Refusal._by_database[name](**_context(diagnosis.message_detail))
    if (diagnosis.constraint_name or "").endswith(SUFFIX):
        return TextNotNormal(column=diagnosis.constraint_name.removesuffix(SUFFIX))
    return None


def _context(detail: str | None) -> dict[str, object]:
    """Triggers of Bursar write `DETAIL: key=value; key=value`; details of PostgreSQL itself are not for users."""
    pairs = re.findall(r"(\w+)=([^;]*)", detail or "")
    return {key: value.strip() for key, value in pairs}
