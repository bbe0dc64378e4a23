"""Known devices: a signed cookie, set after a successful sign-in, by which a browser passes the limit of its account.

It proves an earlier sign-in only, and grants nothing else. It is bound to tenant, user, and both epochs, so a changed
password makes all devices unknown.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix

from apps.identity.models import User
from apps.kernel.tenant import current_tenant

from .signed import UserPurpose

LIFE_S = 180 * 86_400
KNOWN_DEVICE = UserPurpose("identity.known_device", life_s=LIFE_S)
DEVICE_LENGTH_BYTES = 12


def known(request: HttpRequest, account: str) -> str | None:
    """The id of the device, if it is known for the account."""
    cookie = request.COOKIES.get(_cookie_name())
    signed = KNOWN_DEVICE.read(cookie) if cookie else None
    if signed is None or signed.user.email.casefold() != account.strip().casefold():
        return None
    return str(signed.claims["device"])


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Sets the cookie. A device that is known keeps its id, and with it its failures."""
    device = known(request, user.email) or secrets.token_hex(DEVICE_LENGTH_BYTES)
    response.set_cookie(
        _cookie_name(),
        KNOWN_DEVICE.sign_for(user, device=device),
        max_age=LIFE_S,
        path=get_script_prefix(),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _cookie_name() -> str:
    tenant = current_tenant()
    return f"bursar_device_{tenant.id}" if tenant else "bursar_device"
