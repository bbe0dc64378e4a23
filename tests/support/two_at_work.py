"""Two tenants with data. That of globex is marked: its texts contain SECRET, and its ids begin above those of acme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import connections

from apps.bus import dispatch
from apps.identity.commands import InviteUser
from apps.identity.models import User
from apps.inventory.commands import AddItem, ReceiveStock
from apps.kernel import clock
from apps.kernel.clock import today
from apps.kernel.files.store import files
from apps.kernel.tenant import TenantInfo, activate
from apps.ledger.commands import DraftEntry, ExportJournal, Line, OpenAccount, OpenJournal, PostEntry
from apps.notices.commands import AddNotificationChannel, SendAnnouncement
from apps.payments.commands import RequestPayment
from apps.sales.commands import AddCustomer, OrderedItem, PlaceOrder, SetUpSales
from apps.schedules.commands import ScheduleCommand
from apps.settings.commands import ChangeSetting
from apps.tenancy.models import Tenant
from apps.webhooks.commands import RegisterEndpoint
from tests.support.attaching import attached
from tests.support.settling import settle

SECRET = "zanzibar"
FIRST = 700_001
"""The first id of each table of globex."""
GLOBEX = 2
"""The id of globex itself."""
FILE = "reports/2026/margins.csv"


@pytest.fixture(scope="session")
def two_at_work(template_where: Callable[..., str]) -> str:
    """The name of a template database in which both tenants have data."""
    return template_where("two_at_work", both_work)


@pytest.fixture
def at_work(acme: TenantInfo, globex: TenantInfo) -> None:
    """Each tenant also has a file."""
    assert globex.id == GLOBEX
    for tenant, word in ((acme, "acapulco"), (globex, SECRET)):
        with activate(tenant):
            files().save(FILE, ContentFile(f"margin,{word}\n".encode()))


def both_work() -> None:
    acme, globex = (Tenant.objects.get(slug=slug).info for slug in ("acme", "globex"))
    _number_from(globex.schema, FIRST)
    for tenant, word in ((globex, SECRET), (acme, "acapulco")):
        with activate(tenant):
            _work(User.objects.get(email=f"owner@{tenant.slug}.example"), word)
    settle(impatient=True)
    with clock.moved_to(clock.now() + dt.timedelta(minutes=5)):
        settle()  # the sweep sees that the sagas have ended, so no later test finds work


def _number_from(schema: str, first: int) -> None:
    with activate(None), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = %s", [schema])
        for (name,) in cursor.fetchall():
            if not name.startswith(("django_", "auth_permission", "identity_user_", "auth_group_")):
                cursor.execute(f'ALTER SEQUENCE "{schema}"."{name}" RESTART {first}')


def _work(user: User, word: str) -> None:
    """Create data in every app."""
    upper = word.upper()
    for code, name, kind in (
        ("1000", "Bank", "asset"),
        ("1100", "Owed", "asset"),
        ("4000", "Sales", "income"),
    ):
        dispatch(OpenAccount(code=code, name=f"{name} {word}", type=kind), actor=user)
    dispatch(OpenJournal(code="X1", name=f"Journal {word}"), actor=user)
    lines = (Line("1000", "USD", Decimal(70)), Line("4000", "USD", Decimal(-70)))
    for command in (PostEntry, DraftEntry):
        entry = dispatch(command(posted_on=today(), memo=f"Memo {word}", payee=word, lines=lines), actor=user)
        attached(entry.pk, user, name=f"{word}.pdf")
    dispatch(InviteUser(email=f"new@{word}.example", name=f"New {word}", role="auditor"), actor=user)
    dispatch(SetUpSales(), actor=user)
    dispatch(AddItem(sku=f"SKU-{upper}", name=f"Item {word}"), actor=user)
    dispatch(ReceiveStock(sku=f"SKU-{upper}", quantity=9, reference=f"From {word}"), actor=user)
    dispatch(
        AddCustomer(code=upper, name=f"Customer {word}", email=f"c@{word}.example", address=f"{word} Street"),
        actor=user,
    )
    ordered = (OrderedItem(f"SKU-{upper}", 1, Decimal("12.50")),)
    for token in ("tok_ok", "tok_declined"):
        dispatch(
            PlaceOrder(customer=upper, currency="USD", provider="sandbox", token=token, lines=ordered),
            actor=user,
        )
    dispatch(RequestPayment(reference=f"{word}:1", amount=Decimal(5), currency="USD"), actor=user)
    dispatch(RegisterEndpoint(url=f"https://{word}.example.com/hook", description=word), actor=user)
    dispatch(
        AddNotificationChannel(name=f"Chat {word}", address=f"jsons://{word}.example.com/room"), actor=user
    )
    dispatch(SendAnnouncement(subject=f"Subject {word}", text=f"Text {word}", to=("owner",)), actor=user)
    dispatch(ChangeSetting(key="periods.reason_length", value=11), actor=user)
    dispatch(ExportJournal(), actor=user)
    dispatch(
        ScheduleCommand(
            command="notices.send_announcement",
            arguments={"subject": f"Later {word}", "text": f"Text {word}"},
            local_time=f"{today().year + 2}-01-01T08:00",
            time_zone="Europe/Berlin",
            reason=f"Reason {word}",
        ),
        actor=user,
    )


def everything_of(tenant: TenantInfo) -> dict[str, object]:
    """Fingerprints of each table of its schema, its rows in shared tables, and its file."""
    fingerprints: dict[str, object] = {}
    with activate(None), connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT format('%%I.%%I', nspname, relname), nspname = 'public' FROM pg_class"
            " JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relkind = 'r' AND (nspname = %s"
            " OR nspname = 'public' AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid"
            " AND attname = 'tenant_id'))",
            [tenant.schema],
        )
        for table, is_shared in cursor.fetchall():
            where = f"WHERE tenant_id = {tenant.id}" if is_shared else ""
            cursor.execute(
                f"SELECT md5(string_agg(row::text, ',' ORDER BY row::text)) FROM {table} AS row {where}"
            )
            fingerprints[table] = cursor.fetchone()
        cursor.execute("SELECT row::text FROM tenancy_tenant AS row WHERE id = %s", [tenant.id])
        fingerprints["its row"] = cursor.fetchone()
    with activate(tenant), files().open(FILE) as file:
        fingerprints["its file"] = file.read()
    return fingerprints
