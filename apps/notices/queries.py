"""Questions about notices."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group

from apps.identity.models import User
from apps.kernel.tenant import current_tenant

from .hooks import Kind, kinds
from .models import Copy, Notice

OPERATORS = "operators"


def told_under(key: str) -> Notice | None:
    """What was told already under the key."""
    return Notice.objects.filter(key=key).first() if key else None


def audiences() -> Sequence[str]:
    """Who can be named instead of an address: the platform's operators, or a tenant's roles."""
    if current_tenant() is None:
        return (OPERATORS,)
    return list(Group.objects.order_by("name").values_list("name", flat=True))


def addresses_of(audience: str) -> Sequence[str]:
    """Of those in it who can sign in."""
    if audience == OPERATORS:
        people = User.objects.administrators()
    else:
        people = User.objects.filter(groups__name=audience, is_active=True)
    return sorted(person.email.lower() for person in people)


def is_ours(address: str) -> bool:
    return User.objects.filter(email__iexact=address, is_active=True).exists()


def address_of(user_id: int) -> str:
    """Empty when he can no longer sign in."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user.email if user else ""


def kinds_here() -> Sequence[Kind]:
    """Those that are told at the current tenant, or at the platform."""
    here = "tenants" if current_tenant() else "platform"
    return sorted((kind for kind in kinds().values() if kind.where in ("everywhere", here)), key=str)


def notices_with_due_copies(most: int = 200) -> Sequence[int]:
    due = Copy.objects.due().order_by("notice").values_list("notice_id", flat=True)
    return list(due.distinct()[:most])


def dead_copies() -> int:
    return Copy.objects.filter(state=Copy.State.DEAD).count()


def waiting_copies() -> int:
    return Copy.objects.filter(state=Copy.State.WAITING).count()
