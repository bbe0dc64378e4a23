"""Commands on deliveries.

Deliveries exist in each database and their numbers repeat, so `database` is the key of the database.
"""

import datetime as dt
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.kernel.tenant import HOME

MANAGE = "monitoring.manage_deliveries"


@dataclass(frozen=True, kw_only=True)
class ReplayDelivery(Command):
    """Deliver one event again, with new attempts. A listener that handled it before handles it twice."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("replayed {result} in {database}")

    delivery_id: int
    database: str = HOME
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReplayDeliveries(Command):
    """Deliver all dead letters of one subscriber again, for all tenants or one."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("replayed {result} dead letters of {subscriber} in {database}")

    subscriber: str
    tenant: str = ""
    database: str = HOME
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReplayEvents(Command):
    """Deliver all events of a name since an instant to one subscriber, for all tenants or one.

    Includes events from before the subscriber existed. The order within each aggregate is preserved.
    """

    platform = True
    permission = MANAGE
    audit_message = gettext_noop(
        "replayed {result} events {event} since {since} in {database} to {subscriber}"
    )

    event: str
    since: dt.datetime
    subscriber: str
    tenant: str = ""
    database: str = HOME
    reason: str


@dataclass(frozen=True, kw_only=True)
class DropDelivery(Command):
    """Give up a delivery. The deliveries behind it continue."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("dropped {result} in {database}")

    delivery_id: int
    database: str = HOME
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExportAuditLog(Command):
    """Export the audit log as a CSV file. A job writes the file; its page has progress and the download.

    filters  as of the list of records: {"since": "2026-01-01", "command": "ledger.post_entry"}
    """

    permission = "audit.view_record"
    audit_message = gettext_noop("started {result}")

    filters: dict[str, str] = field(default_factory=dict)
