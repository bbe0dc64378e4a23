"""Validation before a saga starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from shlex import quote
from typing import TYPE_CHECKING

from django.db import connections

from apps.bus import Command, dry_run
from apps.kernel.clock import today
from apps.kernel.db.tenant_transaction import within
from apps.kernel.errors import raise_all
from apps.kernel.tenant import TenantInfo
from apps.kernel.text import is_visible
from apps.tenancy import queries as tenants
from apps.tenancy.hooks import Retention, legal_retentions

from .errors import (
    LegallyRetained,
    NameMissing,
    NameTooLong,
    SandboxesRemain,
    TrialOutOfRange,
)

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant

MAX_NAME_LENGTH = 120
MAX_TRIAL_DAYS = 365


def name_must_be_given(name: str) -> None:
    if not is_visible(name):
        raise NameMissing


def name_must_fit(name: str) -> None:
    """The name of a tenant or of a user."""
    if len(name) > MAX_NAME_LENGTH:
        raise NameTooLong(name=name, max_length=MAX_NAME_LENGTH)


def trial_must_have_an_end(days: int) -> None:
    if not 0 <= days <= MAX_TRIAL_DAYS:
        raise TrialOutOfRange(days=days, max_days=MAX_TRIAL_DAYS)


def move_command_line(tenant: Tenant, database: str, reason: str) -> str:
    """The shell command that moves the tenant."""
    return f"manage.py tenant move {tenant.slug} --to {database} --reason {quote(reason)}"


def legal_retention_must_have_ended(tenant: Tenant) -> None:
    """Raises LegallyRetained with the first day on which the tenant may be erased."""
    retentions = _retentions_inside(tenant.info)
    if retentions and retentions[0].until >= today():
        retention = retentions[0]
        raise LegallyRetained(
            name=tenant.name, until=retention.until + dt.timedelta(days=1), records=retention.records
        )


def _retentions_inside(tenant: TenantInfo) -> Sequence[Retention]:
    """Over a separate connection: the transaction of a dry run cannot switch to another tenant."""

    def read() -> Sequence[Retention]:
        try:
            with within(tenant):
                return legal_retentions()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(copy_context().run, read).result()


def no_sandbox_must_remain(tenant: Tenant) -> None:
    if sandboxes := tenants.sandboxes_of(tenant.pk):
        raise SandboxesRemain(name=tenant.name, sandboxes=", ".join(sandboxes))


def dry_run_must_pass(command: Command) -> None:
    """Raises the refusals of a dry run, before the saga starts."""
    refusals = dry_run(command)
    raise_all(refusals)
