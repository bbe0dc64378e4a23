"""Erases tenants again that reappeared because the database was restored to a time before their erasure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.dateparse import parse_datetime

from apps.bus import dispatch
from apps.kernel.actors import Actor
from apps.kernel.clock import now, today
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.files.store import files
from apps.kernel.progress import steps
from apps.tenancy.models import Tenant

from .commands import DropTenant, EraseFiles
from .handlers import FOLDER
from .models import Erasure


def reappeared() -> Sequence[Tenant]:
    """Tenants that exist although the journal contains their erasure. The journal in the object store is never
    restored."""
    return [tenant for erasure in _journal() if (tenant := _tenant_of(erasure))]


def reapply(*, actor: Actor) -> Sequence[Tenant]:
    """Erases them at once and returns them."""
    tenants = reappeared()
    _complete_the_journal()
    for tenant in steps(tenants, len(tenants)):
        _make_due(tenant)
        dispatch(EraseFiles(tenant_id=tenant.pk), actor=actor)
        dispatch(DropTenant(tenant_id=tenant.pk), actor=actor)
    return tenants


def _make_due(tenant: Tenant) -> None:
    """In two updates, as the database allows only archived tenants to be queued."""
    row = Tenant.objects.filter(pk=tenant.pk)
    with unit_of_work():
        row.exclude(state=Tenant.State.DELETING).update(state=Tenant.State.ARCHIVED)
        row.update(
            state=Tenant.State.DELETING,
            state_since=now(),
            state_reason="Erased before a restore.",
            delete_after=today(),
        )


def _journal() -> Iterable[dict[str, Any]]:
    entries = {(row["number"], row["created_at"]): row for row in _rows()}
    _, names = files().listdir(FOLDER)
    for name in names:
        with files().open(f"{FOLDER}/{name}") as stored:
            entry = json.load(stored)
        entry |= {key: parse_datetime(entry[key]) for key in ("created_at", "erased_at")}
        entries.setdefault((entry["number"], entry["created_at"]), entry)
    return entries.values()


def _rows() -> Iterable[dict[str, Any]]:
    return [{**erasure} for erasure in Erasure.objects.values()]


def _tenant_of(erasure: dict[str, Any]) -> Tenant | None:
    """None if the state of the tenant changed after the erasure was recorded: an operator rolled the saga back."""
    tenant = Tenant.objects.filter(pk=erasure["number"], created_at=erasure["created_at"]).first()
    if tenant is None or (tenant.state_since or tenant.created_at) > erasure["erased_at"]:
        return None
    return tenant


def _complete_the_journal() -> None:
    for erasure in _journal():
        if erasure["id"] is None:
            with unit_of_work():
                Erasure.objects.get_or_create(
                    number=erasure["number"], created_at=erasure["created_at"], defaults=erasure
                )
