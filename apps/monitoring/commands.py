"""What those who oversee can ask for.

There are events and deliveries in each database, and their numbers repeat: `database` is the key of the one that is
meant.
"""

import datetime as dt
from dataclasses import dataclass

from apps.bus import Command
from apps.kernel.tenant import HOME

MANAGE = "monitoring.manage_deliveries"


@dataclass(frozen=True, kw_only=True)
class ReplayDelivery(Command):
    """Have one delivery heard again, with all its attempts. A listener that has heard it hears it twice."""

    platform = True
    permission = MANAGE
    audit_message = "had {result} in {database} heard again"

    delivery_id: int
    database: str = HOME
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReplayDeliveries(Command):
    """Have all dead letters of one subscriber heard again, of every tenant or of one."""

    platform = True
    permission = MANAGE
    audit_message = "had {result} dead letters of {subscriber} in {database} heard again"

    subscriber: str
    tenant: str = ""
    database: str = HOME
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReplayEvents(Command):
    """Tell one subscriber all events of a name since an instant, whether it has heard them or was not there yet.

    Of every tenant, or of one. The order of what happened to each thing is kept.
    """

    platform = True
    permission = MANAGE
    audit_message = "told {result} events {event} since {since} in {database} to {subscriber} again"

    event: str
    since: dt.datetime
    subscriber: str
    tenant: str = ""
    database: str = HOME
    reason: str


@dataclass(frozen=True, kw_only=True)
class DropDelivery(Command):
    """Give up on a delivery for good. What waits behind it is heard without it."""

    platform = True
    permission = MANAGE
    audit_message = "dropped {result} in {database}"

    delivery_id: int
    database: str = HOME
    reason: str
