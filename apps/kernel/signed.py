"""Signed texts: links and cookies that Bursar issues and reads back later, without storing them.

Each is bound to its purpose, to the tenant (or the platform) with its epoch, and to the instant until which it is
valid. Those about a user are bound to the user and the user's epoch as well (`apps.identity.accounts.signed`).
"""

from __future__ import annotations

from typing import Any

from django.core import signing

from . import clock
from .tenant import current_tenant


class Purpose:
    """A kind of signed text. A text of one kind, or of one tenant, is invalid for all others."""

    def __init__(self, name: str, *, life_s: int) -> None:
        if name in PURPOSES:
            raise TypeError(f"There is already a purpose {name}.")
        self.name, self.life_s = name, life_s
        PURPOSES[name] = self

    def sign(self, *, life_s: int | None = None, **claims: Any) -> str:
        """Valid for `life_s` seconds, by default those of the purpose."""
        valid_until = int(clock.now().timestamp()) + (self.life_s if life_s is None else life_s)
        return signing.dumps([_tenant(), valid_until, claims], salt=self.name)

    def claims_of(self, text: str) -> dict[str, Any] | None:
        """The claims of a text that is valid here and now; None for any other."""
        try:
            tenant, valid_until, claims = signing.loads(text, salt=self.name)
        except signing.BadSignature:
            return None
        is_valid = tenant == _tenant() and clock.now().timestamp() < valid_until
        return dict(claims) if is_valid else None


PURPOSES: dict[str, Purpose] = {}


def _tenant() -> list[int]:
    """Id and epoch; the platform has none."""
    tenant = current_tenant()
    return [tenant.id, tenant.epoch] if tenant else [0, 0]
