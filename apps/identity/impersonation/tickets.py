"""What opens a tenant's door once. Only its hash is kept."""

import datetime as dt
import hashlib
import secrets

TICKET_LIFETIME = dt.timedelta(seconds=60)


def new() -> str:
    return secrets.token_urlsafe(32)


def hashed(ticket: str) -> str:
    """Random enough to need no salt."""
    return hashlib.sha256(ticket.encode()).hexdigest()
