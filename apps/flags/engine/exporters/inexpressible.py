"""What exporters share: the result of an export, what is known of the tenant, and the reason why a flag is left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..outcomes import Override


class Inexpressible(Exception):
    """The other system has no counterpart; the argument says of what."""


@dataclass(frozen=True)
class Export:
    """`left_out`: the keys of the flags that the document does not have, with the reasons."""

    document: dict[str, Any]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Known:
    """What is known of the tenant that the document is for; by default nothing.

    closed      keys of the flags that the environment, a kill, the plan or the tenant switches off
    overrides   what the tenant has narrowed, by key
    attributes  of every context, such as the tenant: conditions on them are decided here
    """

    closed: Collection[str] = ()
    overrides: Mapping[str, Override] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


NOTHING = Known()
