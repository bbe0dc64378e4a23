"""Signed texts about a user: each is valid for one purpose, tenant and user, until the user's password, address or
account changes."""

from __future__ import annotations

from typing import Any, NamedTuple

from apps.identity.models import User
from apps.kernel.signed import Purpose


class Signed(NamedTuple):
    user: User
    claims: dict[str, Any]


class UserPurpose(Purpose):
    """A purpose whose texts are bound to the epoch of a user."""

    def sign_for(self, user: User, **claims: Any) -> str:
        return self.sign(user=[user.pk, user.epoch], **claims)

    def read(self, text: str) -> Signed | None:
        """The user and the claims of a text that is valid for the active user now; None for any other."""
        claims = self.claims_of(text)
        if claims is None:
            return None
        pk, epoch = claims.pop("user")
        user = User.objects.filter(pk=pk, epoch=epoch, is_active=True).first()
        return Signed(user, claims) if user else None
