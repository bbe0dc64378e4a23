"""The keys of access tokens: Ed25519, each known by its id, the newest signs and all of them verify.

A new key is put in front of TOKEN_KEYS; the old one is dropped when the last token that it signed has expired.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from apps.kernel import secrets

ALGORITHM = "EdDSA"


def signing_key() -> tuple[str, Ed25519PrivateKey]:
    return _signing(_written())


def verifying_key(key_id: str) -> Ed25519PublicKey | None:
    return _verifying(_written()).get(key_id)


def _written() -> tuple[str, ...]:
    return tuple(settings.TOKEN_KEYS)


@lru_cache(maxsize=4)
def _signing(written: tuple[str, ...]) -> tuple[str, Ed25519PrivateKey]:
    key_id, seed = secrets.keys_of(written, "TOKEN_KEYS")[0]
    return key_id, Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=4)
def _verifying(written: tuple[str, ...]) -> Mapping[str, Ed25519PublicKey]:
    return {
        key_id: Ed25519PrivateKey.from_private_bytes(seed).public_key()
        for key_id, seed in secrets.keys_of(written, "TOKEN_KEYS")
    }
