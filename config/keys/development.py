"""The keys of a checkout, for development and tests. They are published, so production refuses them."""

from __future__ import annotations

from base64 import b64encode

_PUBLISHED_BYTES = b"only-for-this-machine,never-live"
SECRET_KEY = "only-for-this-machine-and-never-in-production-" + "x" * 16
KEY = f"dev:{b64encode(_PUBLISHED_BYTES).decode()}"
KEYS = {"secret_key": SECRET_KEY, "field_keys": KEY, "audit_keys": KEY, "token_keys": KEY}


def is_published(value: str | bytes) -> bool:
    """Also true for the key that `django-admin startproject` generates, which many publish."""
    if isinstance(value, bytes):
        return value == _PUBLISHED_BYTES
    return value == SECRET_KEY or value.startswith("django-insecure-")
