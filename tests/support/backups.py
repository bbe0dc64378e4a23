"""Runs scheduled backups in tests, and advances the clock."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from apps.backups import queries
from apps.backups.models import Backup
from apps.backups.schedule import jobs, restore_drills, scheduler
from apps.backups.schemas import replaced
from apps.kernel import clock


def later(monkeypatch: pytest.MonkeyPatch, **ahead: float) -> None:
    """Advances the clock of the backup modules."""
    at = clock.now() + dt.timedelta(**ahead)
    for module in (scheduler, jobs, queries, replaced, restore_drills):
        monkeypatch.setattr(module, "now", lambda: at)


def make_due() -> set[str]:
    """Schedules and runs the backups that are due. Returns the slugs of their tenants."""
    scheduler.schedule_due()
    return {made.slug for number in waiting() if (made := jobs.run(number))}


def no_restore_drill_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore_drills, "is_due", lambda: False)


def waiting() -> list[int]:
    return [*Backup.objects.waiting().order_by("pk").values_list("pk", flat=True)]


def verb(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("tenant", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())
