"""Random tokens: the holder has the text, and the database only its digest."""

import hashlib
import secrets

TOKEN_LENGTH_BYTES = 32
"""The entropy of a token."""


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_LENGTH_BYTES)


def digest_of(token: str) -> str:
    """Without a salt, as a token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
