"""Sample data of the two demo tenants: generated from a seed, so the same on every machine on the same day.

All of it is created by commands.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from apps.bus import dispatch
from apps.bus.commands import Command
from apps.inventory.commands import AddItem, ReceiveStock
from apps.kernel.actors import Actor, System
from apps.kernel.progress import steps
from apps.ledger.commands import DraftEntry, Line, OpenAccount, PostEntry
from apps.periods import queries as periods
from apps.periods.commands import ClosePeriod
from apps.sales.commands import AddCustomer, OrderedItem, PlaceOrder, SetUpSales

MAKER = System("The demo")
ACCOUNTS = (
    ("1000", "Bank", "asset"),
    ("1100", "Receivables", "asset"),
    ("1200", "Inventory", "asset"),
    ("2000", "Payables", "liability"),
    ("2100", "Customer credits", "liability"),
    ("3000", "Share capital", "equity"),
    ("4000", "Product sales", "income"),
    ("4100", "Service revenue", "income"),
    ("5000", "Cost of goods sold", "expense"),
    ("6000", "Wages", "expense"),
    ("6100", "Rent", "expense"),
    ("6200", "Software", "expense"),
    ("6300", "Travel", "expense"),
)
CUSTOMERS = ("Hooli", "Initrode", "Soylent", "Stark Supplies", "Wayne Works", "Wonka Sweets")
ITEMS = (
    ("ANVIL", "Anvil, 50 kg", 40, "189.00"),
    ("ROPE", "Rope, 20 m", 200, "24.50"),
    ("MAGNET", "Horseshoe magnet", 75, "39.90"),
    ("ROLLER", "Roller skates, pair", 12, "64.00"),
)
ORDERS = (
    ("HOOLI", "tok_ok", {"ANVIL": 2, "ROPE": 10}),
    ("WONKA", "tok_ok", {"MAGNET": 5}),
    ("STARK", "tok_lost_response", {"ANVIL": 8, "MAGNET": 8, "ROPE": 20}),
    ("SOYLENT", "tok_declined", {"ROPE": 30}),
    ("INITRODE", "tok_ok", {"ROLLER": 20}),
    ("WAYNE", "", {"ROLLER": 4, "ROPE": 2}),
)
"""Customer, card token (empty for a bank transfer), and quantities."""

SALES_A_MONTH = 3
"""Up to three entries for each: what is posted here is most of a first `make up`."""


@dataclass(frozen=True)
class Business:
    """One demo tenant. `sales` is the approximate monthly revenue."""

    slug: str
    name: str
    currency: str
    sales: int
    seed: int


BUSINESSES = (
    Business("acme", "Acme Corporation", "USD", 84_000, 1),
    Business("globex", "Globex GmbH", "EUR", 51_000, 2),
)


def fill(business: Business, today: dt.date, *, accountant: Actor, controller: Actor) -> None:
    """Accounts, this year's entries up to today, two drafts, and the months before last closed."""
    for code, name, kind in ACCOUNTS:
        dispatch(OpenAccount(code=code, name=name, type=kind), actor=controller)
    work = [*_entries(business, today), *_drafts(business, today)]
    for command in steps(work, len(work)):
        dispatch(command, actor=accountant)
    _sales(business, accountant=accountant, controller=controller)
    for period in periods.periods_before(_month(today, -1)):
        close = ClosePeriod(period_id=period.pk, reason=f"Month end of {period.code}: bank and stock agreed.")
        dispatch(close, actor=controller)


def _sales(business: Business, *, accountant: Actor, controller: Actor) -> None:
    """Stock, customers, and orders for the workers: most are paid by a valid card; one card is declined, one order
    exceeds the stock, and one waits for a bank transfer."""
    dispatch(SetUpSales(), actor=controller)
    for sku, name, quantity, _ in ITEMS:
        dispatch(AddItem(sku=sku, name=name), actor=controller)
        dispatch(ReceiveStock(sku=sku, quantity=quantity, reference="Opening stock"), actor=accountant)
    for name in CUSTOMERS:
        dispatch(_customer(name), actor=accountant)
    for customer, token, lines in ORDERS:
        dispatch(_order(business, customer, token, lines), actor=accountant)


def _customer(name: str) -> AddCustomer:
    code = name.split()[0].upper()
    return AddCustomer(
        code=code,
        name=name,
        email=f"accounts@{code.lower()}.example",
        address="12 Market Street\nSpringfield",
    )


def _order(business: Business, customer: str, token: str, lines: dict[str, int]) -> PlaceOrder:
    prices = {sku: Decimal(price) for sku, _, _, price in ITEMS}
    return PlaceOrder(
        customer=customer,
        currency=business.currency,
        provider="sandbox" if token else "manual",
        token=token,
        lines=tuple(OrderedItem(sku, quantity, prices[sku]) for sku, quantity in lines.items()),
    )


def _entries(business: Business, today: dt.date) -> Iterator[Command]:
    chance = random.Random(business.seed)  # noqa: S311 - a demo, not a secret
    yield _entry(business, dt.date(today.year, 1, 1), "Share capital paid in", "1000", "3000", 250_000)
    for month in range(1, today.month + 1):
        for entry in sorted(_a_month(business, today.year, month, chance), key=lambda entry: entry.posted_on):
            if entry.posted_on <= today:
                yield entry


def _a_month(business: Business, year: int, month: int, chance: random.Random) -> Iterator[PostEntry]:
    def on(day: int) -> dt.date:
        return dt.date(year, month, day)

    season = 10 + month % 5  # tenths
    for _ in range(SALES_A_MONTH):
        customer, day = chance.choice(CUSTOMERS), chance.randint(2, 26)
        sale = business.sales * season * chance.randint(60, 140) // (SALES_A_MONTH * 1_000)
        kind = chance.choice(("4000", "4000", "4100"))
        yield _entry(business, on(day), "Invoice", "1100", kind, sale, payee=customer)
        yield _entry(business, on(min(day + 2, 28)), "Payment received", "1000", "1100", sale, payee=customer)
        if kind == "4000":
            yield _entry(
                business, on(day), "Goods delivered", "5000", "1200", sale * 45 // 100, payee=customer
            )
    yield _entry(business, on(1), "Office rent", "6100", "1000", business.sales * 6 // 100)
    yield _entry(business, on(3), "Goods bought", "1200", "2000", business.sales * 42 // 100)
    yield _entry(business, on(20), "Supplier paid", "2000", "1000", business.sales * 42 // 100)
    yield _entry(business, on(15), "Software subscriptions", "6200", "1000", business.sales * 2 // 100)
    yield _entry(business, on(17), "Travel", "6300", "1000", chance.randint(300, 2_500))
    yield _entry(business, on(25), "Wages", "6000", "1000", business.sales * 28 // 100)


def _drafts(business: Business, today: dt.date) -> Iterator[DraftEntry]:
    for memo, amount in (("Accrued electricity", 640), ("Bonus provision", 4_200)):
        yield DraftEntry(posted_on=today, memo=memo, lines=_lines(business, "6000", "2000", amount))


def _entry(
    business: Business, day: dt.date, memo: str, debit: str, credit: str, amount: int, payee: str = ""
) -> PostEntry:
    return PostEntry(posted_on=day, memo=memo, payee=payee, lines=_lines(business, debit, credit, amount))


def _lines(business: Business, debit: str, credit: str, amount: int) -> tuple[Line, Line]:
    exact = Decimal(amount)
    return (
        Line(account=debit, currency=business.currency, amount=exact),
        Line(account=credit, currency=business.currency, amount=-exact),
    )


def _month(day: dt.date, shift: int) -> dt.date:
    """The first day of the month, shifted by this number of months."""
    months = day.year * 12 + day.month - 1 + shift
    return dt.date(months // 12, months % 12 + 1, 1)
