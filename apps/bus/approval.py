"""Kinds of approval by other people.

A command names its kind in `approval`. The kinds are declared here, so that the lowest apps can need an approval; the
requests and their rules are those of `apps.approvals`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise

Required = Literal["always", "in production", "by setting"]


@dataclass(frozen=True, kw_only=True)
class ApprovalKind:
    """What a group of commands needs before it is executed.

    name        `app.noun`; requests contain it
    permission  required of an approver, besides that to decide on requests
    quorum      number of approvers
    valid_for   period from the request to its execution
    required    always; where BURSAR_ENVIRONMENT is production; or only where a setting says so
    """

    name: str
    title: str | Promise
    permission: str
    quorum: int = 1
    valid_for: dt.timedelta = dt.timedelta(days=7)
    required: Required = "in production"


_kinds: dict[str, ApprovalKind] = {}


def approval_kind(name: str, **options: Any) -> ApprovalKind:
    """Declares a kind, once, in the app of its commands. The options are the fields of ApprovalKind."""
    kind = ApprovalKind(name=name, **options)
    if name in _kinds or kind.quorum < 1:
        raise TypeError(f"There is already a kind of approval {name}, or its quorum is below 1.")
    _kinds[name] = kind
    return kind


def approval_kinds() -> Mapping[str, ApprovalKind]:
    return _kinds
