"""Random tokens: the holder has the text, and the database only its digest, which is bound to purpose and tenant."""

import hashlib
import secrets

from .tenant import current_tenant

TOKEN_LENGTH_BYTES = 32
"""The entropy of a token."""


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_LENGTH_BYTES)


def digest_of(purpose: str, token: str) -> str:
    """Of another purpose or tenant it differs, so a row that is copied there opens nothing. Without a salt, as a token
    has 256 random bits."""
    tenant = current_tenant()
    return hashlib.sha256(f"{purpose}:{tenant.id if tenant else 0}:{token}".encode()).hexdigest()
