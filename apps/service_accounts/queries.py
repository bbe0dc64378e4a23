"""Reads of service accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.apps import apps
from django.db.models import Max, QuerySet

from apps.identity import queries as identity
from apps.identity.models import User
from apps.kernel.actors import Actor
from apps.tenancy import numbering

from .models import ServiceAccount, ServiceToken
from .programs import Program


def actor(pk: int) -> Actor | None:
    """settings.ACTOR_BY_ID: a user, or by a negative id a service account with a valid token."""
    if pk >= 0:
        return identity.actor(pk)
    token = ServiceToken.objects.valid().select_related("account").filter(account_id=-pk).first()
    return Program(-pk, token.account.name, token.account.scopes) if token else None


def grantable(granter: Actor) -> Sequence[str]:
    """The permissions that the granter has, and so can give to a service account. Those of Django's own apps open
    nothing."""
    own = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    return [
        name
        for name in sorted(numbering.committed()["permissions"])
        if name.partition(".")[0] in own and granter.has_perm(name)
    ]


def possible_owners() -> QuerySet[User]:
    return User.objects.filter(is_active=True).order_by("name")


def latest_token(account: ServiceAccount) -> ServiceToken | None:
    return account.tokens.order_by("-id").first()


def last_used_at(account: ServiceAccount) -> dt.datetime | None:
    latest: dt.datetime | None = account.tokens.aggregate(latest=Max("last_used_at"))["latest"]
    return latest
