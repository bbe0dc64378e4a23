"""One-time tickets for support access. Only the hash is stored."""

import datetime as dt
import hashlib
import secrets

TICKET_LIFETIME = dt.timedelta(seconds=60)


def new() -> str:
    return secrets.token_urlsafe(32)


def hashed(ticket: str) -> str:
    """Without a salt, as a ticket has 256 random bits."""
    return hashlib.sha256(ticket.encode()).hexdigest()
