"""The pages of oversight, and those of the apps below the console; importing a file registers its pages."""

from . import (
    audit_dashboard,
    audit_export,
    audit_pages,
    audit_records,
    audit_retention,
    command_activity,
    commands,
    deliveries,
    events,
    field_versions,
    queues,
    sagas,
    trace,
)

__all__ = [
    "audit_dashboard",
    "audit_export",
    "audit_pages",
    "audit_records",
    "audit_retention",
    "command_activity",
    "commands",
    "deliveries",
    "events",
    "field_versions",
    "queues",
    "sagas",
    "trace",
]
