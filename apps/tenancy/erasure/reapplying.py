"""What was erased stays erased: after an old database came back, its tenants of that time go once more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.dateparse import parse_datetime

from apps.bus import dispatch
from apps.kernel.actors import Actor
from apps.kernel.clock import now, today
from apps.kernel.files import files
from apps.kernel.progress import steps
from apps.kernel.transactions import unit_of_work
from apps.tenancy.models import Tenant

from .commands import DropTenant, EraseFiles
from .handlers import FOLDER
from .models import Erasure


def returned() -> Sequence[Tenant]:
    """Tenants that are here though they were erased: by the journal in the database, and by that in the object store,
    which is never restored."""
    return [tenant for each in _journal() if (tenant := _tenant_of(each))]


def reapply(*, actor: Actor) -> Sequence[Tenant]:
    """Erase them again, at once: their days were over long ago. Returns who they were."""
    back = returned()
    _complete_the_journal()
    for tenant in steps(back, len(back)):
        with unit_of_work():  # in two moves, as the database lets nobody be queued who still works
            Tenant.objects.filter(pk=tenant.pk).exclude(state=Tenant.State.DELETING).update(
                state=Tenant.State.ARCHIVED
            )
            Tenant.objects.filter(pk=tenant.pk).update(
                state=Tenant.State.DELETING,
                state_since=now(),
                state_reason="Erased before a restore.",
                delete_after=today(),
            )
        dispatch(EraseFiles(tenant_id=tenant.pk), actor=actor)
        dispatch(DropTenant(tenant_id=tenant.pk), actor=actor)
    return back


def _journal() -> Iterable[dict[str, Any]]:
    told = {(row["number"], row["created_at"]): row for row in _rows()}
    _, names = files().listdir(FOLDER)
    for name in names:
        with files().open(f"{FOLDER}/{name}") as stored:
            each = json.load(stored)
        each |= {key: parse_datetime(each[key]) for key in ("created_at", "erased_at")}
        told.setdefault((each["number"], each["created_at"]), each)
    return told.values()


def _rows() -> Iterable[dict[str, Any]]:
    return [{**erasure} for erasure in Erasure.objects.values()]


def _tenant_of(erasure: dict[str, Any]) -> Tenant | None:
    """As it was before. One that took a turn since then was kept after all: an operator sent its journey back."""
    tenant = Tenant.objects.filter(pk=erasure["number"], created_at=erasure["created_at"]).first()
    if tenant is None or (tenant.state_since or tenant.created_at) > erasure["erased_at"]:
        return None
    return tenant


def _complete_the_journal() -> None:
    for each in _journal():
        if each["id"] is None:
            with unit_of_work():
                Erasure.objects.get_or_create(
                    number=each["number"], created_at=each["created_at"], defaults=each
                )
