"""The data of a recorded dump: two tenants with two months of business, of which one is closed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from apps.audit.sealing import seal
from apps.bus import dispatch
from apps.identity.commands import InviteOperator
from apps.kernel.actors import System
from apps.kernel.clock import moved_to
from apps.kernel.tenant import activate
from apps.ledger.commands import DraftEntry, Line, OpenAccount, PostEntry, ReverseEntry
from apps.operations.commands import OnboardTenant
from apps.payments.commands import ConfirmPayment, RefundPayment, RequestPayment
from apps.periods.commands import ClosePeriod
from apps.periods.models import Period
from apps.tenancy.models import Tenant
from tests.support.people import accept, accept_all, new_user

RECORDER = System("The recorder")
JANUARY = dt.datetime(2025, 1, 20, 9, tzinfo=dt.UTC)
FEBRUARY = dt.datetime(2025, 2, 10, 9, tzinfo=dt.UTC)
CURRENCIES = {"acme": "USD", "globex": "EUR"}
CHART = (
    ("1000", "Bank", "asset"),
    ("1100", "Receivables", "asset"),
    ("3000", "Capital", "equity"),
    ("4000", "Sales", "income"),
    ("6000", "Rent", "expense"),
)


def fill() -> None:
    """The clock is moved, so that each recording has the same figures."""
    with moved_to(JANUARY):
        accept(
            dispatch(InviteOperator(email="operator@bursar.example", name="Olga Operator"), actor=RECORDER)
        )
        tenants = [_onboarded(slug, currency) for slug, currency in CURRENCIES.items()]
        for tenant in tenants:
            with activate(tenant.info):
                _january(CURRENCIES[tenant.slug])
                seal()
    with moved_to(FEBRUARY):
        for tenant in tenants:
            with activate(tenant.info):
                _february(CURRENCIES[tenant.slug])
                seal()
        with activate(None):
            seal()


def rent(currency: str, day: dt.datetime) -> PostEntry:
    return _entry(day, "Office rent", "6000", "1000", "1200.00", currency)


def _onboarded(slug: str, currency: str) -> Tenant:
    command = OnboardTenant(
        slug=slug, name=slug.title(), owner_email=f"owner@{slug}.example", currency=currency
    )
    tenant: Tenant = dispatch(command, actor=RECORDER)
    with activate(tenant.info):
        accept_all()
    return tenant


def _january(currency: str) -> None:
    new_user("ada@bursar.example", "Ada Accountant", "accountant")
    for code, name, kind in CHART:
        dispatch(OpenAccount(code=code, name=name, type=kind), actor=RECORDER)
    dispatch(_entry(JANUARY, "Share capital", "1000", "3000", "50000.00", currency), actor=RECORDER)
    dispatch(_entry(JANUARY, "Invoice 1", "1100", "4000", "980.35", currency), actor=RECORDER)
    dispatch(rent(currency, JANUARY), actor=RECORDER)
    _paid("order:1", "480.35", currency)


def _february(currency: str) -> None:
    mistake = dispatch(_entry(FEBRUARY, "Invoice 2", "1100", "4000", "12.10", currency), actor=RECORDER)
    dispatch(
        ReverseEntry(entry_id=mistake.pk, posted_on=FEBRUARY.date(), reason="It was for another customer."),
        actor=RECORDER,
    )
    payment = _paid("order:2", "500.00", currency)
    refund = RefundPayment(payment_id=payment, amount=Decimal("99.99"), reason="Bent", reference="return:2")
    dispatch(refund, actor=RECORDER)
    draft = rent(currency, FEBRUARY)
    dispatch(DraftEntry(posted_on=draft.posted_on, memo=draft.memo, lines=draft.lines), actor=RECORDER)
    january = Period.objects.get(code="2025-01")
    dispatch(ClosePeriod(period_id=january.pk, reason="Bank agreed."), actor=RECORDER)


def _paid(reference: str, amount: str, currency: str) -> int:
    request = RequestPayment(reference=reference, amount=Decimal(amount), currency=currency)
    payment: int = dispatch(request, actor=RECORDER).pk
    dispatch(ConfirmPayment(payment_id=payment, provider_payment_id=f"bank:{reference}"), actor=RECORDER)
    return payment


def _entry(day: dt.datetime, memo: str, debit: str, credit: str, amount: str, currency: str) -> PostEntry:
    exact = Decimal(amount)
    return PostEntry(
        posted_on=day.date(),
        memo=memo,
        lines=(Line(debit, currency, exact), Line(credit, currency, -exact)),
    )
