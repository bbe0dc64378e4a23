"""The signed link that confirms a requested e-mail address."""

from __future__ import annotations

from apps.identity.models import User

from .signed import UserPurpose

LIFE_S = 86_400
CONFIRM_ADDRESS = UserPurpose("identity.confirm_address", life_s=LIFE_S)


def token_of(user: User) -> str:
    return CONFIRM_ADDRESS.sign_for(user, new_email=user.new_email)


def user_to_confirm(token: str) -> User | None:
    """The user whose requested address is that of the token; None if it expired, or was confirmed or replaced."""
    signed = CONFIRM_ADDRESS.read(token)
    if signed is None or not signed.user.new_email:
        return None
    return signed.user if signed.user.new_email == signed.claims["new_email"] else None
