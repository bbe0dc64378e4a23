"""The idempotency key of a form."""

from __future__ import annotations

from uuid import uuid4

from django.forms import Form

from apps.bus.idempotency.keys import is_well_formed

KEY = "idempotency_key"
"""Every form has one, so that a button pressed twice runs its command once."""


def key_of(form: Form) -> str:
    """The idempotency key of the form, or a new one for none and for one that a browser never sends."""
    key = str(form.data.get(KEY, ""))
    return key if is_well_formed(key) else uuid4().hex
