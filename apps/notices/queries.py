"""Reads of notices."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.db.models import Count

from apps.identity.models import User
from apps.kernel.tenant import current_tenant

from .hooks import Kind, kinds
from .models import Notice, NoticeDelivery

OPERATORS = "operators"


def notice_with_key(key: str) -> Notice | None:
    """The notice that was already sent with the key."""
    return Notice.objects.filter(key=key).first() if key else None


def audiences() -> Sequence[str]:
    """The names accepted in place of an address: the platform's operators, or a tenant's roles."""
    if current_tenant() is None:
        return (OPERATORS,)
    return list(Group.objects.order_by("name").values_list("name", flat=True))


def addresses_of(audience: str) -> Sequence[str]:
    """The addresses of its active users."""
    if audience == OPERATORS:
        users = User.objects.administrators()
    else:
        users = User.objects.filter(groups__name=audience, is_active=True)
    return sorted(user.email.lower() for user in users)


def is_active_user(address: str) -> bool:
    return User.objects.filter(email__iexact=address, is_active=True).exists()


def address_of(user_id: int) -> str:
    """Empty for a user without access."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user.email if user else ""


def kinds_here() -> Sequence[Kind]:
    """The kinds of the current plane: the tenants or the platform."""
    here = "tenants" if current_tenant() else "platform"
    return sorted((kind for kind in kinds().values() if kind.where in ("everywhere", here)), key=str)


def notices_with_due_deliveries(limit: int = 200) -> Sequence[int]:
    due = NoticeDelivery.objects.waiting().due().order_by("notice").values_list("notice_id", flat=True)
    return list(due.distinct()[:limit])


def failed_deliveries() -> int:
    return NoticeDelivery.objects.filter(state=NoticeDelivery.State.FAILED).count()


def waiting_notices() -> int:
    """The number of notices with a delivery that waits."""
    waiting = NoticeDelivery.objects.filter(state=NoticeDelivery.State.WAITING)
    return waiting.aggregate(count=Count("notice", distinct=True))["count"] or 0
