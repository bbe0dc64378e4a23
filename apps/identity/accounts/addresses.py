"""The signed link that confirms a requested e-mail address."""

from __future__ import annotations

from apps.identity.models import User

from . import signed

PURPOSE = "identity.confirm_address"
LIFE_S = 86_400


def token_of(user: User) -> str:
    return signed.sign(PURPOSE, user, new_email=user.new_email)


def user_to_confirm(token: str) -> User | None:
    """The user whose requested address is that of the token; None if it expired, or was confirmed or replaced."""
    claims = signed.claims_of(PURPOSE, token, max_age_s=LIFE_S)
    if claims is None:
        return None
    user: User = claims["user"]
    return user if user.new_email and user.new_email == claims["new_email"] else None
