"""The signed link to choose a password. It works once, as a new password raises the user's epoch, and until the next
sign-in."""

from __future__ import annotations

from apps.identity.models import User

from .links import console_link
from .signed import UserPurpose

LIFE_S = 3 * 86_400
CHOOSE_PASSWORD = UserPurpose("identity.choose_password", life_s=LIFE_S)


def link_for(user: User) -> str:
    token = CHOOSE_PASSWORD.sign_for(user, last_login=_last_login(user))
    return console_link("account_choose_password", token=token)


def user_of(token: str) -> User | None:
    """None if the link was used, has expired, or the user has signed in since."""
    signed = CHOOSE_PASSWORD.read(token)
    if signed is None:
        return None
    return signed.user if signed.claims["last_login"] == _last_login(signed.user) else None


def _last_login(user: User) -> str:
    return user.last_login.isoformat() if user.last_login else ""
