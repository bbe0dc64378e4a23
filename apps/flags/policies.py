"""The policy of each category of flags: how long a flag lives, and what ends its life."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from apps.kernel.clock import today

from .models import Flag

Category = Flag.Category


@dataclass(frozen=True, kw_only=True)
class Policy:
    """default_lifetime  proposed by forms
    max_lifetime      a flag expires at most so long after its creation or extension
    end               the flag is to be retired when it expires, or reviewed and extended
    max_extensions    how often its expiry may be postponed; None: as often as it is reviewed
    """

    default_lifetime: dt.timedelta
    max_lifetime: dt.timedelta
    end: Literal["retire", "review"]
    max_extensions: int | None

    def default_expiry(self, day: dt.date) -> dt.date:
        return day + self.default_lifetime

    def latest_expiry(self, day: dt.date) -> dt.date:
        return day + self.max_lifetime


POLICIES: Mapping[str, Policy] = {
    Category.RELEASE: Policy(
        default_lifetime=dt.timedelta(days=40),
        max_lifetime=dt.timedelta(days=120),
        end="retire",
        max_extensions=2,
    ),
    Category.EXPERIMENT: Policy(
        default_lifetime=dt.timedelta(days=40),
        max_lifetime=dt.timedelta(days=90),
        end="retire",
        max_extensions=1,
    ),
    Category.OPS: Policy(
        default_lifetime=dt.timedelta(days=365),
        max_lifetime=dt.timedelta(days=731),
        end="review",
        max_extensions=None,
    ),
    Category.PERMISSION: Policy(
        default_lifetime=dt.timedelta(days=365),
        max_lifetime=dt.timedelta(days=1096),
        end="review",
        max_extensions=None,
    ),
}


def day_of_expiry() -> dt.date:
    """The day that decides which flags have expired. It is the platform's, in UTC, as flags are: a tenant has none of
    its own."""
    return today()


def policy_of(category: str) -> Policy:
    """Raises KeyError for an unknown category."""
    return POLICIES[category]
