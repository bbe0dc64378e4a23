"""The life story of a request, from its commands to whoever heard of them."""

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
from apps.monitoring.stories import story_of
from apps.periods import queries as periods

REQUEST = "story-of-a-request"


@pytest.fixture
def lived(acme, owner):
    """A request in which acme's owner opened two accounts, was refused a company and posted an entry."""
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


def hear(acme):
    route()
    for delivery in Delivery.objects.filter(event__correlation_id=REQUEST):
        with activate(acme):
            deliver(delivery.pk)


def test_it_is_told_in_order_with_what_came_of_what(lived, acme, owner):
    hear(acme)

    with activate(acme):
        story = story_of(REQUEST)

    told = [(line.depth, line.kind, line.text) for line in story]
    assert told[:2] == [
        (0, "command", f"{owner} opened the account 1000 Cash."),
        (1, "version", "Account 1000 Cash was made."),
    ]
    posted = [text for depth, kind, text in told if depth == 0][-1]
    assert posted.startswith(f"{owner} posted entry")
    after = told[[text for _, _, text in told].index(posted) :]
    assert (1, "event", f"Event published: entry was posted (entry:{lived.pk}).") in after
    handled = [text for depth, kind, text in after if kind == "delivery" and depth == 2]
    assert any(text.startswith("Delivered to operations.") and "after 1 attempt" in text for text in handled)
    refused = [line for line in story if line.severity == "bad"]
    assert ["There is already a company MAIN" in line.text for line in refused] == [True]


def test_a_delivery_that_waits_says_so(lived, acme):
    route()

    with activate(acme):
        waiting = [line.text for line in story_of(REQUEST) if line.severity == "waiting"]

    assert waiting
    assert all("pending: 0 attempts" in text for text in waiting)


def test_each_tenant_is_told_of_its_own(lived, acme, globex):
    with activate(globex):
        assert story_of(REQUEST) == []
    assert {line.tenant for line in story_of(REQUEST)} == {"acme"}


def test_what_was_only_refused_is_found_as_well(acme, owner):
    with activate(acme), correlated("refused-only"), pytest.raises(CompanyCodeTaken):
        dispatch(FoundCompany(code="MAIN", name="Again", currency="EUR"), actor=owner)

    assert [line.tenant for line in story_of("refused-only")] == ["acme"]


def test_on_the_command_line(lived):
    text, document = StringIO(), StringIO()

    call_command("trace", REQUEST, stdout=text)
    call_command("trace", REQUEST, "--tenant", "acme", "--json", stdout=document)

    assert "opened the account 1000 Cash." in text.getvalue()
    assert json.loads(document.getvalue())["story"][0]["kind"] == "command"


def test_on_the_command_line_nothing_is_a_refusal(db, capsys):
    with pytest.raises(SystemExit) as end:
        call_command("trace", "nobody-knows-it")

    assert end.value.code == 3


def test_in_the_tenants_console(lived, client_for, auditor, nobody):
    page = client_for(auditor).get(f"/t/acme/trace/?id={REQUEST}")

    assert page.status_code == 200
    assert "opened the account 1000 Cash." in page.content.decode()
    assert "/t/acme/audit/record/" in page.content.decode()
    assert client_for(nobody).get(f"/t/acme/trace/?id={REQUEST}").status_code == 403


def test_in_the_operators_console_with_the_tenant_named(lived, client_for, operator):
    page = client_for(operator, None).get(f"/trace/?id={REQUEST}").content.decode()

    assert "opened the account 1000 Cash." in page
    assert "<td>acme</td>" in page


@pytest.mark.parametrize("odd", ["", "%00", "<script>", "x" * 300, "nobody-knows-it"])
def test_odd_ids_are_answered(client_for, auditor, odd):
    response = client_for(auditor).get("/t/acme/trace/", {"id": odd})

    assert response.status_code == 200
    assert "<script>x" not in response.content.decode()


def test_the_palette_finds_it(lived, client_for, auditor):
    found = client_for(auditor).get("/t/acme/search/", {"s": REQUEST, "extended": 1}).content.decode()

    assert f"Request trace {REQUEST}" in found


def test_reading_it_leaves_a_trace_with_whoever_was_looked_at(lived, client_for, operator, auditor, acme):
    client_for(operator, None).get(f"/trace/?id={REQUEST}")
    client_for(auditor).get(f"/t/acme/trace/?id={REQUEST}")

    own = Record.objects.get(command="audit.read_audit_log")
    assert own.sentence.startswith(f"{operator} looked at the life story of a request")
    with activate(acme):
        said = [
            record.actor_name
            for record in Record.objects.filter(command="audit.read_audit_log").order_by("id")
        ]
    assert said == [f"{operator} of the platform", str(auditor)]
