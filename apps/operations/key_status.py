"""The status of each key: whether this process has it, and how many rows of the platform and all tenants need it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.conf import settings

from apps.kernel.keys_in_use import keys_in_use
from apps.kernel.tenant import activate
from apps.tenancy import queries as tenants

KEY_LISTS = ("FIELD_KEYS", "AUDIT_KEYS", "TOKEN_KEYS")
NEWEST, LISTED, MISSING = "newest", "older", "missing"


@dataclass(frozen=True, kw_only=True)
class KeyStatus:
    """`status` of a key id in the list `setting`: newest, older, or missing from the list although rows need it."""

    setting: str
    key_id: str
    status: str
    rows: int


def key_statuses() -> list[KeyStatus]:
    counts = _rows_by_key()
    statuses = []
    for setting in KEY_LISTS:
        listed = [key.partition(":")[0] for key in getattr(settings, setting)]
        used = counts.get(setting, Counter())
        statuses += [
            KeyStatus(
                setting=setting,
                key_id=key_id,
                status=MISSING if key_id not in listed else NEWEST if key_id == listed[0] else LISTED,
                rows=used[key_id],
            )
            for key_id in [*listed, *sorted(used.keys() - {*listed})]
        ]
    return statuses


def _rows_by_key() -> dict[str, Counter[str]]:
    with activate(None):
        counts = keys_in_use()
    for tenant in tenants.set_up_tenants():
        with activate(tenant.info):
            for setting, rows in keys_in_use().items():
                counts[setting] += rows
    return counts
