"""The population: the contexts in which the flags of a tenant are evaluated for its users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.companies.models import Company
from apps.flags.queries import context_of
from apps.identity.models import User

CHUNK_SIZE = 500


@dataclass(frozen=True)
class Person:
    """A user, with the contexts of an evaluation in each company of the tenant, or without any."""

    user_id: int
    contexts: Sequence[Mapping[str, Any]]


def people() -> Iterator[Person]:
    """The active users of the current tenant."""
    companies = list(Company.objects.order_by("pk").values_list("pk", flat=True))
    users = User.objects.filter(is_active=True).prefetch_related("groups").order_by("pk")
    for user in users.iterator(chunk_size=CHUNK_SIZE):
        context = context_of(user)
        yield Person(user.pk, [{**context, "company": str(company)} for company in companies] or [context])
