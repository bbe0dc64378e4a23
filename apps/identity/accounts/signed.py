"""Signed texts about a user: bound to purpose, tenant, user and both epochs, so each is valid in one place only, and
until password, address or tenant change."""

from __future__ import annotations

from typing import Any

from django.core import signing

from apps.identity.models import User
from apps.kernel.clock import now
from apps.kernel.tenant import current_tenant


def sign(purpose: str, user: User, **claims: Any) -> str:
    return signing.dumps(_binding(user) | claims | {"at": int(now().timestamp())}, salt=purpose)


def claims_of(purpose: str, text: str, *, max_age_s: int) -> dict[str, Any] | None:
    """The claims of a text that is valid for its user now; `user` is the user's row."""
    try:
        claims: dict[str, Any] = signing.loads(text, salt=purpose)
    except signing.BadSignature:
        return None
    if int(now().timestamp()) - claims["at"] > max_age_s:
        return None
    user = User.objects.filter(pk=claims["user"][0], is_active=True).first()
    if user is None or claims | _binding(user) != claims:
        return None
    return claims | {"user": user}


def _binding(user: User) -> dict[str, list[int]]:
    tenant = current_tenant()
    return {
        "tenant": [tenant.id, tenant.epoch] if tenant else [0, 0],
        "user": [user.pk, user.epoch],
    }
