"""A saga for tests: a branch is opened once head office agrees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.clock import today
from apps.kernel.errors import Conflict, Refusal
from apps.kernel.tenant import TenantInfo
from apps.ledger.commands import DeactivateAccount, Line, OpenAccount, OpenJournal, PostEntry, ReverseEntry
from apps.sagas.declaration import SAGAS, Saga
from apps.sagas.models import Run
from apps.sagas.scheduling import begin
from apps.sagas.steps import Step, Wait
from tests.support.settling import settle

TOO_LATE = "It is too late for that."


class TooLate(Conflict, Refusal):
    message = TOO_LATE


@dataclass(frozen=True)
class Opening:
    """The data of the saga: an account, its first entry and, once head office agrees, a journal."""

    code: str
    amount: Decimal = Decimal("10.00")
    account_id: int = 0
    entry_id: int = 0


class HeadOffice:
    """The external system, as configured by a test."""

    agrees: bool = True
    refuses: bool = False
    looks: int = 0
    """The number of evaluations of the wait."""
    breaks: dict[str, Exception]
    """The error of each failing step."""

    def __init__(self) -> None:
        self.breaks = {}

    def has_agreed(self, data: Opening) -> bool:
        self.looks += 1
        self.execute("agreement")
        if self.refuses:
            raise TooLate
        return self.agrees

    def execute(self, step: str) -> None:
        if step in self.breaks:
            raise self.breaks[step]


@pytest.fixture
def office() -> HeadOffice:
    return HeadOffice()


@pytest.fixture
def opening(office: HeadOffice) -> Iterator[Saga]:
    def step(name: str, make: Callable[[Opening], Any]) -> Callable[[Opening], Any]:
        def checked(data: Opening) -> Any:
            office.execute(name)
            return make(data)

        return checked

    saga = Saga(
        name="companies.open_branch",
        title="Opening a branch",
        data=Opening,
        deadline=dt.timedelta(days=2),
        steps=(
            Step(
                "account",
                step("account", lambda d: OpenAccount(code=d.code, name=f"Till {d.code}", type="asset")),
                compensation=step(
                    "account compensation",
                    lambda d: DeactivateAccount(account_id=d.account_id, reason="Back."),
                ),
                carry=lambda d, account: replace(d, account_id=account.pk),
            ),
            Step(
                "entry",
                step("entry", _first_entry),
                compensation=step(
                    "entry compensation",
                    lambda d: ReverseEntry(entry_id=d.entry_id, posted_on=today(), reason="Back."),
                ),
                carry=lambda d, entry: replace(d, entry_id=entry.pk),
                retries=2,
            ),
            Wait("agreement", until=office.has_agreed, timeout=dt.timedelta(days=1)),
            Step(
                "journal",
                step("journal", lambda d: OpenJournal(code=f"J{d.code}", name="Branch")),
                pivot=True,
            ),
            Step(
                "safe",
                step("safe", lambda d: OpenAccount(code=f"{d.code}9", name=f"Safe {d.code}", type="asset")),
                retries=1,
            ),
        ),
    )
    yield saga
    del SAGAS[saga.name]


def _first_entry(data: Opening) -> PostEntry:
    lines = (
        Line(account=data.code, currency="USD", amount=data.amount),
        Line(account="3000", currency="USD", amount=-data.amount),
    )
    return PostEntry(posted_on=today(), memo=f"Branch {data.code}", lines=lines)


@pytest.fixture
def capital(at_acme: TenantInfo, controller: User) -> None:
    """The account that the first entry of a branch credits, in acme."""
    dispatch(OpenAccount(code="3000", name="Capital", type="equity"), actor=controller)


@pytest.fixture
def set_out(capital: None, opening: Saga) -> Callable[..., Run]:
    """Starts the saga and executes all due steps."""

    def set_out(code: str = "1300") -> Run:
        with transaction.atomic():
            run = begin(opening, Opening(code=code), subject=f"branch:{code}")
        settle()
        return Run.objects.get(pk=run.pk)

    return set_out
