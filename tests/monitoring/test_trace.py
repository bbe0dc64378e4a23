"""Request traces, from commands to the deliveries of their events."""

from __future__ import annotations

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from apps.audit.models import Record
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.events.deliveries import deliver
from apps.events.models import Delivery
from apps.events.relay import route
from apps.kernel.correlation import correlated
from apps.kernel.tenant import activate
from apps.ledger.commands import Line, OpenAccount, PostEntry
from apps.monitoring.request_traces import trace_of
from apps.periods import queries as periods

REQUEST = "trace-of-a-request"


@pytest.fixture
def entry(acme, owner):
    """The entry of a request that also opened two accounts and was refused a company."""
    with activate(acme), correlated(REQUEST):
        for code, name, kind in (("1000", "Cash", "asset"), ("4000", "Sales", "income")):
            dispatch(OpenAccount(code=code, name=name, type=kind), actor=owner)
        with pytest.raises(CompanyCodeTaken):
            dispatch(FoundCompany(code="MAIN", name="Again", currency="EUR"), actor=owner)
        lines = (
            Line(account="1000", currency="USD", amount=Decimal("12.50")),
            Line(account="4000", currency="USD", amount=Decimal("-12.50")),
        )
        day = periods.years()[0].starts_on
        return dispatch(PostEntry(posted_on=day, memo="Cash sale", lines=lines), actor=owner)


def deliver_all(acme):
    route()
    for delivery in Delivery.objects.filter(event__correlation_id=REQUEST):
        with activate(acme):
            deliver(delivery.pk)


def test_entries_are_ordered_below_their_trigger(entry, acme, owner):
    deliver_all(acme)

    with activate(acme):
        trace = trace_of(REQUEST)

    entries = [(line.depth, line.kind, line.text) for line in trace]
    assert entries[:2] == [
        (0, "command", f"{owner} opened the account 1000 Cash."),
        (1, "version", "Account 1000 Cash was made."),
    ]
    posted = [text for depth, kind, text in entries if depth == 0][-1]
    assert posted.startswith(f"{owner} posted entry")
    after = entries[[text for _, _, text in entries].index(posted) :]
    assert (1, "event", f"Event published: entry was posted (entry:{entry.pk}).") in after
    handled = [text for depth, kind, text in after if kind == "delivery" and depth == 2]
    assert any(text.startswith("Delivered to operations.") and "after 1 attempt" in text for text in handled)
    refused = [line for line in trace if line.severity == "bad"]
    assert ["There is already a company MAIN" in line.text for line in refused] == [True]


def test_a_pending_delivery_is_shown_with_its_attempts(entry, acme):
    route()

    with activate(acme):
        waiting = [line.text for line in trace_of(REQUEST) if line.severity == "waiting"]

    assert waiting
    assert all("pending: 0 attempts" in text for text in waiting)


def test_a_tenant_sees_only_its_own_entries(entry, acme, globex):
    with activate(globex):
        assert trace_of(REQUEST) == []
    assert {line.tenant for line in trace_of(REQUEST)} == {"acme"}


def test_a_refused_request_has_a_trace(acme, owner):
    with activate(acme), correlated("refused-only"), pytest.raises(CompanyCodeTaken):
        dispatch(FoundCompany(code="MAIN", name="Again", currency="EUR"), actor=owner)

    assert [line.tenant for line in trace_of("refused-only")] == ["acme"]


def test_the_command_line_prints_a_trace(entry):
    text, document = StringIO(), StringIO()

    call_command("trace", REQUEST, stdout=text)
    call_command("trace", REQUEST, "--tenant", "acme", "--json", stdout=document)

    assert "opened the account 1000 Cash." in text.getvalue()
    assert json.loads(document.getvalue())["entries"][0]["kind"] == "command"


def test_an_unknown_id_on_the_command_line_has_exit_code_3(db, capsys):
    with pytest.raises(SystemExit) as end:
        call_command("trace", "unknown-id")

    assert end.value.code == 3


def test_the_tenants_console_shows_a_trace(entry, client_for, auditor, user_without_role):
    page = client_for(auditor).get(f"/t/acme/trace/?id={REQUEST}")

    assert page.status_code == 200
    assert "opened the account 1000 Cash." in page.content.decode()
    assert "/t/acme/audit/record/" in page.content.decode()
    assert client_for(user_without_role).get(f"/t/acme/trace/?id={REQUEST}").status_code == 403


def test_the_operators_console_shows_the_tenant_of_an_entry(entry, client_for, operator):
    page = client_for(operator, None).get(f"/trace/?id={REQUEST}").content.decode()

    assert "opened the account 1000 Cash." in page
    assert "<td>acme</td>" in page


@pytest.mark.parametrize("odd", ["", "%00", "<script>", "x" * 300, "unknown-id"])
def test_a_malformed_id_is_an_empty_trace(client_for, auditor, odd):
    response = client_for(auditor).get("/t/acme/trace/", {"id": odd})

    assert response.status_code == 200
    assert "<script>x" not in response.content.decode()


def test_the_search_finds_a_trace(entry, client_for, auditor):
    page = client_for(auditor).get("/t/acme/search/", {"s": REQUEST, "extended": 1}).content.decode()

    assert f"Request trace {REQUEST}" in page


def test_reading_a_trace_is_recorded_in_the_audit_logs_of_reader_and_tenant(
    entry, client_for, operator, auditor, acme
):
    client_for(operator, None).get(f"/trace/?id={REQUEST}")
    client_for(auditor).get(f"/t/acme/trace/?id={REQUEST}")

    own = Record.objects.get(command="audit.read_audit_log")
    assert own.sentence.startswith(f"{operator} looked at the trace of a request")
    with activate(acme):
        readers = [
            record.actor_name
            for record in Record.objects.filter(command="audit.read_audit_log").order_by("id")
        ]
    assert readers == [f"{operator} of the platform", str(auditor)]
