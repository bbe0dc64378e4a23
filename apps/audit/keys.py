"""The keys of the seal. Workers have them; access to the database alone does not reveal them."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

MIN_KEY_BYTES = 32


def keys() -> Mapping[str, bytes]:
    """Key id → key; the first one seals. Raises ImproperlyConfigured for a malformed key."""
    return _read(tuple(settings.AUDIT_KEYS))


def sealing_key() -> tuple[str, bytes]:
    return next(iter(keys().items()))


@cache
def _read(written: tuple[str, ...]) -> Mapping[str, bytes]:
    known = dict(_one(text) for text in written)
    if not known:
        raise ImproperlyConfigured("AUDIT_KEYS holds no key: id:base64 of 32 random bytes.")
    return known


def _one(written: str) -> tuple[str, bytes]:
    key_id, _, encoded = written.partition(":")
    try:
        key = b64decode(encoded, validate=True)
    except NotBase64:
        key = b""
    if not key_id or len(key) < MIN_KEY_BYTES:
        raise ImproperlyConfigured("Each of AUDIT_KEYS is id:base64 of at least 32 random bytes.")
    return key_id, key
