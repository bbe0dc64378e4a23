"""Feature flags for every layer: their declarations, and their values through `settings.FEATURES`.

    NEW_SCREEN = declare_flag(key="sales.new-screen", category="release", type=bool, default=False, …)

    if features.is_on(NEW_SCREEN): …

Apps above `flags` may read through `apps.flags.queries` as well, which has more: explanations and all flags at once.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string

T = TypeVar("T")
KEY = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
CATEGORIES = ("release", "ops", "experiment", "permission")
TYPES: Mapping[type, str] = {bool: "boolean", str: "string", int: "integer", float: "float", dict: "object"}
"""The name of each type in documents."""


_ON_OFF = {"on": True, "off": False}


def variable_of(key: str) -> str:
    """`sales.new-screen` → `FEATURE_FLAG_SALES_NEW_SCREEN`."""
    return f"FEATURE_FLAG_{re.sub('[.-]', '_', key.upper())}"


@dataclass(frozen=True)
class DeclaredFlag(Generic[T]):
    """A flag in code.

    key          unique, as in addresses: letters, digits, dot, dash and underscore
    category     release, ops, experiment or permission
    default      the value until a revision is published, and when none can be determined
    owner        e-mail address of the person or team that receives its alerts
    expires_on   the day after which it is overdue
    entitlement  a licensed module, or a feature or limit of plans, without which it is off
    posting      it guards postings: it applies to whole companies
    variants     values by name; of a boolean `on` and `off`
    roles        the roles of users for which it may be on; none: all
    """

    key: str
    category: str
    type: type[T]
    default: T
    description: str | Promise
    owner: str
    expires_on: dt.date
    entitlement: str | None = None
    posting: bool = False
    variants: Mapping[str, T] = field(default_factory=dict, compare=False)
    roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises TypeError for a declaration that is wrong in itself."""
        if not KEY.match(self.key):
            raise TypeError(
                f"{self.key!r} is no key of a flag: write letters, digits, dot, dash, underscore."
            )
        if self.category not in CATEGORIES:
            raise TypeError(f"The category of {self.key} is one of {', '.join(CATEGORIES)}.")
        if self.type not in TYPES or not all(type(value) is self.type for value in self._values()):
            raise TypeError(
                f"The default and variants of {self.key} are of one type: bool, str, int, float, dict."
            )
        if not self.owner.strip():
            raise TypeError(f"The flag {self.key} has no owner.")
        self._check_variants()

    def _check_variants(self) -> None:
        if self.type is bool and self.variants and dict(self.variants) != _ON_OFF:
            raise TypeError(f"The variants of {self.key}, a boolean, are on and off.")
        if self.default not in self._named().values():
            raise TypeError(
                f"A variant of {self.key} has the value of its default, or none the name default."
            )
        if any(isinstance(value, float) and not math.isfinite(value) for value in self._values()):
            raise TypeError(f"The values of {self.key} are finite numbers.")
        if self.posting and self.roles:
            raise TypeError(f"{self.key} guards postings, so it is the same for all roles.")

    @property
    def variable(self) -> str:
        """The name in the environment that switches the flag off."""
        return variable_of(self.key)

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def value_type(self) -> str:
        return TYPES[self.type]

    @property
    def document(self) -> dict[str, Any]:
        """What the flag serves before its first revision: its default, everywhere."""
        named = self._named()
        default = next(name for name, value in named.items() if value == self.default)
        return {
            "format": 1,
            "key": self.key,
            "type": self.value_type,
            "variants": named,
            "enabled": True,
            "off_variant": "off" if self.type is bool else None,
            "default_variant": default,
            "entitlement": self.entitlement,
            "roles": [*self.roles],
            "prerequisites": [],
            "rules": [],
            "rollout": None,
            "bucketer": "bursar-1",
            "salt": self.key,
            "posting": self.posting,
        }

    def _values(self) -> Sequence[Any]:
        return [self.default, *self.variants.values()]

    def _named(self) -> dict[str, Any]:
        if self.type is bool:
            return dict(_ON_OFF)
        named: dict[str, Any] = dict(self.variants)
        return named if self.default in named.values() else {"default": self.default, **named}


DECLARED: dict[str, DeclaredFlag[Any]] = {}
"""By key."""


def declare_flag(
    *,
    key: str,
    category: str,
    type: type[T],
    default: T,
    description: str | Promise,
    owner: str,
    expires_on: dt.date,
    entitlement: str | None = None,
    posting: bool = False,
    variants: Mapping[str, T] | None = None,
    roles: Sequence[str] = (),
) -> DeclaredFlag[T]:
    """Declares a flag, in its app's flag_declarations.py. Raises TypeError for a key that is declared already, or that
    has the variable of another one."""
    if key in DECLARED:
        raise TypeError(f"The flag {key} is declared twice.")
    flag = DeclaredFlag(
        key,
        category,
        type,
        default,
        description,
        owner,
        expires_on,
        entitlement,
        posting,
        variants or {},
        (*roles,),
    )
    for other in DECLARED.values():
        if other.variable == flag.variable:
            raise TypeError(f"The flags {key} and {other.key} have one variable: {flag.variable}.")
    DECLARED[key] = flag
    return flag


def is_on(flag: DeclaredFlag[bool], **attributes: Any) -> bool:
    """Whether the flag is on for the current tenant and actor."""
    return value(flag, **attributes) is True


def value(flag: DeclaredFlag[T], **attributes: Any) -> T:
    """The value for the current tenant and actor; the declared default if it cannot be determined."""
    return cast(T, import_string(f"{settings.FEATURES}.value")(flag, **attributes))


def is_open(name: str, **attributes: Any) -> bool:
    """Whether a gate of that name lets the current tenant and actor pass: the flag of a module or command. A name
    without a flag is open, unless the environment has FEATURE_FLAG_<NAME>=false."""
    return bool(import_string(f"{settings.FEATURES}.is_open")(name, **attributes))
