"""What goes into the engine and what comes out of it: entries, tenant layers, evaluations, explanations, problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

LAYERS = ("global", "tenant", "role", "prerequisites", "targeting", "percentage")

DISABLED_BY_ENVIRONMENT = "DISABLED_BY_ENVIRONMENT"
KILLED = "KILLED"
DISABLED = "DISABLED"
NOT_ENTITLED = "NOT_ENTITLED"
LIMIT_REACHED = "LIMIT_REACHED"
NARROWED_BY_TENANT = "NARROWED_BY_TENANT"
ROLE_MISSING = "ROLE_MISSING"
PREREQUISITE = "PREREQUISITE"
RULE_MATCH = "RULE_MATCH"
SPLIT = "SPLIT"
ROLLOUT = "ROLLOUT"
DEFAULT = "DEFAULT"
OVERRIDDEN = "OVERRIDDEN"
UNKNOWN_FLAG = "UNKNOWN_FLAG"
ERROR = "ERROR"
NESTED = "NESTED"  # in counts only: a flag that was evaluated for another flag

ALL_ENTITLEMENTS = "*"
UNLIMITED = -1


class Evaluation(NamedTuple):
    """`variant` is None if the caller's default is served; `rule` is the rule that decided; `revision` its wording."""

    value: Any
    variant: str | None
    reason: str
    rule: str | None
    revision: int


@dataclass(frozen=True)
class Entry:
    """One revision of a flag or segment, served from the later of `effective_at` and `published_at`.

    Several entries of a key are its history. A kill is an entry too: the same revision, with `killed`, from the moment
    of the kill. `document` is None from the moment at which the flag is removed; such a flag may be killed as well.
    """

    document: Mapping[str, Any] | None
    revision: int = 0
    killed: bool = False
    effective_at: datetime | None = None
    published_at: datetime | None = None
    key: str = ""  # of a removal, whose document has none


@dataclass(frozen=True)
class Override:
    """A tenant's narrowing of a flag: off, only for these roles, only for this percentage of the flag's units."""

    enabled: bool = True
    roles: tuple[str, ...] = ()
    percentage: float | None = None
    revision: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", tuple(self.roles))  # a list of JSON, too


@dataclass(frozen=True)
class TenantLayer:
    """What a tenant may use and has narrowed. A limit of -1 is unlimited; `*` among the entitlements is all of them."""

    tenant: str
    entitlements: frozenset[str] = frozenset()
    limits: Mapping[str, int] = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)


class Layer(NamedTuple):
    """`passed` is None for a layer that was not reached. `detail` holds the tests, units and buckets behind `text`."""

    name: str
    passed: bool | None
    text: str
    detail: Mapping[str, Any]


class Problem(NamedTuple):
    """`place` is a JSON pointer into the document. A warning does not refuse it."""

    code: str
    place: str
    message: str
    is_warning: bool = False
