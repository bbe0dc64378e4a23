"""Records, keys and events of a unit of work are written once, at its end, or rolled back with their change."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pytest
from django.db import InternalError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Record
from apps.bus import Command, dispatch, dispatch_once, handles, registry
from apps.bus.models import IdempotencyKey
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.companies.models import Company
from apps.events.models import OutboxEvent
from apps.kernel.db import outcome
from apps.kernel.db.unit_of_work import unit_of_work
from apps.settings.commands import ChangeSetting

PLANT = FoundCompany(code="PLANT", name="Acme Plant", currency="EUR")
LONGER = ChangeSetting(key="periods.reason_length", value=12)


@dataclass(frozen=True, kw_only=True)
class Outer(Command):
    """Dispatch other commands."""

    permission = "companies.manage_companies"
    audit_message = "dispatched others"


@dataclass(frozen=True, kw_only=True)
class Inner(Command):
    """Publish an event and refuse."""

    permission = "companies.manage_companies"
    audit_message = "published and refused"


for _command in (Outer, Inner):
    _command.__module__ = "apps.companies.commands"


@pytest.fixture
def handler():
    """Registers a function as the handler of a command, for one test."""
    known = dict(registry._handled)
    yield lambda command, function: handles(command)(function)
    registry._handled.clear()
    registry._handled.update(known)


@pytest.fixture
def natural_key(monkeypatch):
    monkeypatch.setattr(FoundCompany, "natural_key", lambda command: f"company_founded:{command.code}")
    monkeypatch.setattr(FoundCompany, "fact", ("code",))


def outcomes(*names):
    rows = Record.objects.filter(command__in=names).order_by("id")
    return [(row.command.partition(".")[2], row.outcome) for row in rows]


def events(name):
    return OutboxEvent.objects.filter(name=name).count()


def test_a_caught_refusal_of_a_nested_command_leaves_no_event(at_acme, owner, handler):
    def refuse(_):
        dispatch(LONGER)
        raise CompanyCodeTaken(code="X")

    def go_on(_):
        with suppress(CompanyCodeTaken):
            dispatch(Inner())

    handler(Inner, refuse)
    handler(Outer, go_on)
    dispatch(Outer(), actor=owner)

    assert events("setting.changed") == 0
    assert outcomes("companies.outer", "companies.inner", "settings.change_setting") == [
        ("outer", "done"),
        ("inner", "refused"),
    ]


def test_a_savepoint_that_is_rolled_back_takes_records_keys_and_events_with_it(at_acme, owner):
    with unit_of_work():
        with suppress(LookupError), transaction.atomic():
            dispatch(LONGER, actor=owner)
            dispatch_once(PLANT, actor=owner, key="one")
            raise LookupError
        assert not dispatch_once(PLANT, actor=owner, key="one").repeated

    assert events("setting.changed") == 0
    assert outcomes("settings.change_setting", "companies.found_company")[-1:] == [("found_company", "done")]
    assert IdempotencyKey.objects.filter(key="one").count() == 1


def test_two_nested_commands_with_one_natural_key_book_once(at_acme, owner, natural_key):
    with unit_of_work():
        first, second = dispatch(PLANT, actor=owner), dispatch(PLANT, actor=owner)

    assert first == second
    assert Company.objects.filter(code="PLANT").count() == 1
    assert IdempotencyKey.objects.filter(key="company_founded:PLANT").count() == 1
    assert outcomes("companies.found_company")[-2:] == [
        ("found_company", "done"),
        ("found_company", "repeated"),
    ]


def test_a_nested_repetition_gets_the_first_response(at_acme, owner):
    with unit_of_work():
        request = {"actor": owner, "key": "one", "render_response": lambda company: {"code": company.code}}
        first, second = dispatch_once(PLANT, **request), dispatch_once(PLANT, **request)

    assert (first.repeated, second.repeated) == (False, True)
    assert first.response == second.response == {"code": "PLANT"}


def test_commands_of_one_unit_of_work_are_recorded_by_one_call(at_acme, owner):
    with CaptureQueriesContext(connection) as queries, unit_of_work():
        dispatch(LONGER, actor=owner)
        dispatch_once(PLANT, actor=owner, key="one")

    statements = [query["sql"] for query in queries]
    assert [sql.count("record_outcome") for sql in statements if "record_outcome" in sql] == [1]
    assert not any(sql.startswith("INSERT INTO") and "outboxevent" in sql for sql in statements)
    assert events("setting.changed") == 1


def test_a_lost_connection_leaves_nothing_for_the_next_transaction(at_acme, owner):
    with suppress(OperationalError), unit_of_work():
        dispatch(LONGER, actor=owner)
        connection.close()
    dispatch(PLANT, actor=owner)

    assert outcomes("settings.change_setting") == []
    assert events("setting.changed") == 0


def test_a_transaction_does_not_commit_without_its_outcome(at_acme):
    with pytest.raises(InternalError, match="did not write"), transaction.atomic():
        outcome.waiting().add("records", {})

    assert not outcome.waiting()
