"""Encryption of secrets at rest by AES-256-GCM, each bound to its context.

`settings.FIELD_KEYS` lists the keys as "id:base64 of 32 bytes". The first key encrypts, all keys decrypt. To rotate,
put a new key first, re-encrypt the stored secrets (`resealed`), then remove the old key.
"""

from __future__ import annotations

import base64
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from .errors import Unavailable

NONCE_BYTES = 12
KEY_BYTES = 32


class SecretUnreadable(Unavailable):
    message = _(
        "A secret of {context} cannot be read: its key is not among the keys of this installation, or the stored text"
        " was changed. Add the old key to FIELD_KEYS, or set the secret again."
    )


def encrypt(secret: str, context: str) -> str:
    """The secret, encrypted for `context`, such as "webhooks.endpoint:7". It decrypts in that context only, so a secret
    copied into another row is useless."""
    key_id, key = _keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), context.encode())
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(sealed: str, context: str) -> str:
    """Raises SecretUnreadable when the key is missing, the text was changed, or the context differs."""
    key_id, _, text = sealed.partition(":")
    try:
        raw = base64.b64decode(text, validate=True)
        key = dict(_keys())[key_id]
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (KeyError, ValueError, InvalidTag):
        raise SecretUnreadable(context=context) from None


def resealed(sealed: str, context: str) -> str:
    """Re-encrypted under the first key; unchanged if it is already."""
    if sealed.partition(":")[0] == newest_key_id():
        return sealed
    return encrypt(decrypt(sealed, context), context)


def newest_key_id() -> str:
    return _keys()[0][0]


def _keys() -> tuple[tuple[str, bytes], ...]:
    return keys_of(tuple(settings.FIELD_KEYS), "FIELD_KEYS")


@lru_cache(maxsize=4)
def keys_of(written: tuple[str, ...], setting: str) -> tuple[tuple[str, bytes], ...]:
    """(id, 32 bytes) of each key. Raises ImproperlyConfigured, without a key in its message."""
    keys = tuple(key for text in written if (key := parsed_key(text)))
    if len(keys) < len(written):
        raise ImproperlyConfigured(f'A key of {setting} is written "id:base64 of {KEY_BYTES} bytes".')
    if not keys:
        raise ImproperlyConfigured(f"{setting} names no key: this process has none (docs/keys.md).")
    return keys


def parsed_key(written: str) -> tuple[str, bytes] | None:
    """(id, 32 bytes) of "id:base64 of 32 bytes"; None if it is malformed."""
    key_id, _, text = written.partition(":")
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:  # also binascii.Error
        return None
    return (key_id, key) if key_id.isalnum() and len(key) == KEY_BYTES else None
