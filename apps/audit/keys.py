"""The keys of the seal. They are known to the workers and to nobody who has only the database."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SHORTEST = 32


def keys() -> Mapping[str, bytes]:
    """Key id → key, the one that seals first. Raises ImproperlyConfigured for what is no key."""
    return _read(tuple(settings.AUDIT_KEYS))


def sealing_key() -> tuple[str, bytes]:
    return next(iter(keys().items()))


@cache
def _read(written: tuple[str, ...]) -> Mapping[str, bytes]:
    known = dict(_one(each) for each in written)
    if not known:
        raise ImproperlyConfigured("AUDIT_KEYS holds no key: id:base64 of 32 random bytes.")
    return known


def _one(written: str) -> tuple[str, bytes]:
    key_id, _, encoded = written.partition(":")
    try:
        key = b64decode(encoded, validate=True)
    except NotBase64:
        key = b""
    if not key_id or len(key) < SHORTEST:
        raise ImproperlyConfigured("Each of AUDIT_KEYS is id:base64 of at least 32 random bytes.")
    return key_id, key
