"""Evaluation for a named context, for people that look into flags: in the API, on the command line, in the console."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from apps.flags import queries
from apps.flags.engine import Evaluation, Explanation
from apps.flags.errors import FlagNotFound
from apps.identity import queries as identity
from apps.identity.errors import UserUnknown
from apps.kernel.db.tenant_transaction import within
from apps.kernel.tenant import current_tenant
from apps.tenancy.queries import tenant_named

Layers = Sequence[Any]


@dataclass(frozen=True)
class Evaluated:
    """The evaluation of a flag, and its layers if it is explained."""

    key: str
    evaluation: Evaluation
    layers: Layers = ()

    def as_data(self) -> dict[str, Any]:
        return {"key": self.key, **self.evaluation._asdict()}


@contextmanager
def seen_from(tenant: str) -> Iterator[None]:
    """The platform looks into a tenant; without a name nothing changes. Raises TenantUnknown."""
    if not tenant or current_tenant() is not None:
        yield
        return
    with within(tenant_named(tenant)):
        yield


def context_for(attributes: Mapping[str, Any], user_id: int | None = None) -> dict[str, Any]:
    """The attributes of the current tenant and of the user, replaced by those that are named. Raises
    UserUnknown."""
    user = identity.actor(user_id) if user_id is not None else None
    if user_id is not None and user is None:
        raise UserUnknown(user_id=user_id)
    return queries.context_of(user, **attributes)


def evaluated(context: Mapping[str, Any], keys: Sequence[str] = ()) -> Sequence[Evaluated]:
    """Of all flags, or of those that are named, without counting them as used. Raises FlagNotFound."""
    rules = queries.rule_set()
    for key in keys:
        _must_exist(key, rules)
    return [
        Evaluated(key, rules.explain(key, None, context).evaluation) for key in keys or sorted(rules.keys)
    ]


def explained(key: str, context: Mapping[str, Any], as_of: dt.datetime | None = None) -> Evaluated:
    """Raises FlagNotFound."""
    _must_exist(key, queries.rule_set(as_of))
    explanation: Explanation = queries.explain(key, context, as_of=as_of)
    return Evaluated(key, explanation.evaluation, explanation.layers)


def _must_exist(key: str, rules: Any) -> None:
    if key not in rules.keys:
        raise FlagNotFound(key=key)
