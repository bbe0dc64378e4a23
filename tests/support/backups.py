"""Backups, as tests ask for them and have them made; and a clock that goes on."""

from __future__ import annotations

import datetime as dt
import io
import json

from django.core.management import call_command

from apps.kernel import clock
from apps.tenancy.transfer import jobs, objectives, restore_drills, restoring, scheduler
from apps.tenancy.transfer.models import Backup


def later(monkeypatch, **ahead):
    """The clock goes on."""
    at = clock.now() + dt.timedelta(**ahead)
    for room in (scheduler, jobs, objectives, restoring, restore_drills):
        monkeypatch.setattr(room, "now", lambda: at)


def make_due():
    """Ask for what is due, and do it. Returns whose it was."""
    scheduler.schedule_due()
    return {made.slug for number in waiting() if (made := jobs.run(number))}


def drill_is_not_due(monkeypatch):
    monkeypatch.setattr(restore_drills, "is_due", lambda: False)


def waiting():
    return [*Backup.objects.waiting().order_by("pk").values_list("pk", flat=True)]


def verb(*words):
    out = io.StringIO()
    call_command("tenant", *words, "--json", stdout=out)
    return json.loads(out.getvalue())
