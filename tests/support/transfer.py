"""A tenant with an entry and a file, for tests of backups and moves."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import connections

from apps.backups.files.backup_file import BackupFile
from apps.backups.files.exporting import export
from apps.backups.files.masking import Masking
from apps.backups.restores.as_new import restore_as_new
from apps.backups.restores.planning import Target
from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.files.store import files
from apps.kernel.tenant import TenantInfo, activate
from apps.ledger.commands import Line, PostEntry
from apps.ledger.models import Account, Entry
from apps.tenancy.models import Tenant

JAN_9 = dt.date(2026, 1, 9)


@pytest.fixture
def books(chart: dict[str, Account], at_acme: TenantInfo, accountant: User) -> TenantInfo:
    """Acme with an entry and a file."""
    sale(accountant, "12.50")
    files().save("invoices/INV-1.txt", ContentFile(b"Invoice 1"))
    return at_acme


@pytest.fixture
def platform(books: TenantInfo) -> Iterator[TenantInfo]:
    """The test runs on the platform; acme has an entry."""
    with activate(None):
        yield books


def sale(actor: User, amount: str, memo: str = "Sale to Jane Roe") -> Entry:
    lines = (
        Line(account="1000", currency="USD", amount=Decimal(amount)),
        Line(account="4000", currency="USD", amount=-Decimal(amount)),
    )
    command = PostEntry(posted_on=JAN_9, memo=memo, payee="Jane Roe", lines=lines)
    entry: Entry = dispatch(command, actor=actor)
    return entry


def schemas_like(prefix: str) -> list[str]:
    with activate(None), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", [f"{prefix}%"])
        return [name for (name,) in cursor.fetchall()]


def exported(tenant: TenantInfo, masking: Masking = Masking.NONE, *, with_files: bool = False) -> BackupFile:
    """A backup file of the tenant, in memory."""
    with activate(None):
        export(tenant, to := io.BytesIO(), masking=masking, with_files=with_files)
    return BackupFile(to)


def restored(backup_file: BackupFile, slug: str = "copy", sandbox_of: Tenant | None = None) -> Tenant:
    """The tenant that the file becomes, at home."""
    with activate(None):
        return restore_as_new(backup_file, Target(slug=slug, database="home", sandbox_of=sandbox_of))
