"""The keys of access tokens: Ed25519, identified by a key id. The first one signs, all of them verify.

To rotate, put a new key in front of TOKEN_KEYS, and drop the old one when the last token that it signed has expired.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from apps.kernel import secrets

ALGORITHM = "EdDSA"


def signing_key() -> tuple[str, Ed25519PrivateKey]:
    return _signing(_configured_keys())


def verifying_key(key_id: str) -> Ed25519PublicKey | None:
    return _verifying(_configured_keys()).get(key_id)


def _configured_keys() -> tuple[str, ...]:
    return tuple(settings.TOKEN_KEYS)


@lru_cache(maxsize=4)
def _signing(keys: tuple[str, ...]) -> tuple[str, Ed25519PrivateKey]:
    key_id, seed = secrets.keys_of(keys, "TOKEN_KEYS")[0]
    return key_id, Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=4)
def _verifying(keys: tuple[str, ...]) -> Mapping[str, Ed25519PublicKey]:
    return {
        key_id: Ed25519PrivateKey.from_private_bytes(seed).public_key()
        for key_id, seed in secrets.keys_of(keys, "TOKEN_KEYS")
    }
