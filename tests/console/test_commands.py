"""Command pages: facts before, refusals, and the outcome."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.clock import today
from apps.kernel.tenant import activate
from apps.ledger.commands import DraftEntry, Line, OpenAccount
from apps.ledger.models import Entry
from apps.periods.models import Period
from tests.support.console_pages import edit

SUITE = System("The suite")


@pytest.fixture
def chart(acme):
    with activate(acme):
        for code, name, kind in (("1000", "Cash", "asset"), ("4000", "Sales", "income")):
            dispatch(OpenAccount(code=code, name=name, type=kind), actor=SUITE)


@pytest.fixture
def january(acme):
    with activate(acme):
        return Period.objects.order_by("starts_on").first()


def test_closing_a_period_from_the_calendar_is_audited(client_for, controller, january, acme):
    client = client_for(controller)
    calendar = client.get("/t/acme/periods/").content.decode()
    assert f"/t/acme/periods/{january.pk}/close/" in calendar

    response = client.post(
        f"/t/acme/periods/{january.pk}/close/", {"reason": "Bank agreed to the cent."}, follow=True
    )

    page = response.content.decode()
    assert f"Period {january.code} is closed" in page
    assert "by Controller" in page
    audit_log = client.get("/t/acme/audit/record/").content.decode()
    assert f"Controller closed period {january.code}." in audit_log
    assert "Bank agreed to the cent." in audit_log


def test_closing_a_period_shows_all_refusals_at_once(client_for, controller, chart, acme):
    with activate(acme):
        february = Period.objects.order_by("starts_on")[1]
        lines = (
            Line(account="1000", currency="USD", amount=Decimal(1)),
            Line(account="4000", currency="USD", amount=Decimal(-1)),
        )
        dispatch(DraftEntry(posted_on=february.starts_on, memo="Waiting", lines=lines), actor=SUITE)
    client = client_for(controller)

    before = client.get(f"/t/acme/periods/{february.pk}/close/").content.decode()
    response = client.post(f"/t/acme/periods/{february.pk}/close/", {"reason": "x"})

    assert "At present, this will be refused" in before
    assert response.status_code in (409, 422)
    page = response.content.decode()
    for code in ("periods.reason_too_short", "periods.earlier_period_is_open", "ledger."):
        assert code in page
    with activate(acme):
        assert Period.objects.get(pk=february.pk).is_open


def test_closing_a_period_without_the_permission_has_no_button_and_is_forbidden(
    client_for, accountant, january
):
    client = client_for(accountant)

    assert f"periods/{january.pk}/close/" not in client.get("/t/acme/periods/").content.decode()
    assert client.post(f"/t/acme/periods/{january.pk}/close/", {"reason": "Let me in."}).status_code == 403


def entry_form(**changed):
    lines = [("1000 Cash", "USD", "1200.50", ""), ("4000 Sales", "USD", "", "1200.50"), ("", "USD", "", "")]
    form = {
        "posted_on": today().isoformat(),
        "journal": "GEN",
        "memo": "Cash sale",
        "form-TOTAL_FORMS": str(len(lines)),
        "form-INITIAL_FORMS": "0",
    }
    for number, line in enumerate(lines):
        for name, value in zip(("account", "currency", "debit", "credit"), line, strict=True):
            form[f"form-{number}-{name}"] = value
    return form | changed


def test_the_entry_form_posts_an_entry(client_for, accountant, chart, acme):
    response = client_for(accountant).post("/t/acme/ledger/new-entry/", entry_form(post=""), follow=True)

    assert "is posted." in response.content.decode()
    with activate(acme):
        entry = Entry.objects.get()
        assert [line.amount_minor for line in entry.lines.all()] == [120050, -120050]
        assert entry.is_posted


def test_a_draft_can_be_saved_posted_and_reversed(client_for, accountant, chart, acme):
    client = client_for(accountant)
    client.post("/t/acme/ledger/new-entry/", entry_form(draft=""))
    with activate(acme):
        draft = Entry.objects.get()
        assert not draft.is_posted

    assert (
        "can no longer change"
        in client.post(f"/t/acme/ledger/entry/{draft.pk}/post/", follow=True).content.decode()
    )
    reversal = {"posted_on": today().isoformat(), "reason": "Entered twice by mistake."}
    assert (
        "The entry is reversed by"
        in client.post(f"/t/acme/ledger/entry/{draft.pk}/reverse/", reversal, follow=True).content.decode()
    )

    with activate(acme):
        reversal_entry = Entry.objects.with_numbers().get(reversal_of=draft)
    reversed_page = client.get(f"/t/acme/ledger/entry/{draft.pk}/change/").content.decode()
    assert f'<a href="/t/acme/ledger/entry/{reversal_entry.pk}/change/">{reversal_entry}</a>' in reversed_page
    assert "Reversed" in reversed_page
    assert f"/ledger/entry/{draft.pk}/reverse/" not in reversed_page
    reversal_page = client.get(f"/t/acme/ledger/entry/{reversal_entry.pk}/change/").content.decode()
    assert f"/ledger/entry/{draft.pk}/change/" in reversal_page
    again = client.get(f"/t/acme/ledger/entry/{draft.pk}/reverse/").content.decode()
    assert "is already reversed" in again


def test_a_refused_entry_shows_its_reason_and_the_submitted_values(client_for, accountant, chart, acme):
    response = client_for(accountant).post(
        "/t/acme/ledger/new-entry/", entry_form(**{"form-1-credit": "1200.49", "post": ""})
    )

    page = response.content.decode()
    assert response.status_code == 422
    assert "ledger.entry_unbalanced" in page
    assert 'value="1200.49"' in page
    with activate(acme):
        assert not Entry.objects.exists()


NO_AMOUNTS = ("12,50", "1,200.50", "1.200,50", "1e2", "abc", "NaN", "1e400", "١٢", ".5")


@pytest.mark.parametrize("side", ["debit", "credit"])
def test_an_amount_in_another_notation_is_refused_beside_the_entered_text(
    client_for, accountant, chart, acme, side
):
    client = client_for(accountant)
    for amount in (*NO_AMOUNTS, "-5", "+5"):
        row = {"debit": 0, "credit": 1}[side]
        response = client.post(
            "/t/acme/ledger/new-entry/", entry_form(**{f"form-{row}-{side}": amount, "post": ""})
        )

        page = response.content.decode()
        expected = f"{side.capitalize()}: &#x27;{amount}&#x27; " + (
            "has a sign" if amount in ("-5", "+5") else "is not an amount: write digits"
        )
        assert expected in page, amount
        assert f'value="{amount}"' in page
    with activate(acme):
        assert not Entry.objects.exists()


def test_a_decimal_comma_on_both_sides_posts_no_entry(client_for, accountant, chart, acme):
    """It was read as a thousands separator: 12,50 became 1,250.00."""
    form = entry_form(**{"form-0-debit": "12,50", "form-1-credit": "12,50", "post": ""})

    page = client_for(accountant).post("/t/acme/ledger/new-entry/", form, follow=True).content.decode()

    assert page.count("such as 1234.50") == 2
    with activate(acme):
        assert not Entry.objects.exists()


def test_an_amount_without_an_account_is_refused(client_for, accountant, chart, acme):
    form = entry_form(**{"form-2-debit": "5", "post": ""})

    page = client_for(accountant).post("/t/acme/ledger/new-entry/", form).content.decode()

    assert "A line with an amount needs an account." in page
    with activate(acme):
        assert not Entry.objects.exists()


def test_onboarding_with_invalid_fields_is_refused(client_for, operator):
    form = {"name": " ", "slug": "Acme!", "owner_email": "bill@initech.example", "currency": "EUR"}

    response = client_for(operator, None).post("/tenants/onboard/", {**form, "name": "x"})

    assert response.status_code == 422
    assert "tenancy.slug_malformed" in response.content.decode()
    assert Record.objects.filter(command="operations.onboard_tenant", outcome="refused").exists()


def test_a_setting_is_validated_and_changed(client_for, controller):
    client = client_for(controller)

    refused = edit(client, "/t/acme/settings/periods.reason_length/change/", {"value": '"many"'})
    changed = edit(client, "/t/acme/settings/periods.reason_length/change/", {"value": "25"}, follow=True)

    assert "settings.setting_invalid" in refused.content.decode()
    assert "periods.reason_length is 25 now" in changed.content.decode()


def test_the_csv_export_of_the_trial_balance_escapes_formulas(client_for, accountant, chart, acme):
    with activate(acme):
        dispatch(OpenAccount(code="1001", name="=HYPERLINK(1)", type="asset"), actor=SUITE)
        from apps.ledger.commands import PostEntry

        lines = (
            Line(account="1001", currency="USD", amount=Decimal(5)),
            Line(account="4000", currency="USD", amount=Decimal(-5)),
        )
        dispatch(PostEntry(posted_on=dt.date(today().year, 1, 2), memo="x", lines=lines), actor=SUITE)

    response = client_for(accountant).get("/t/acme/ledger/trial-balance/?by=total&format=csv")

    assert response.headers["content-type"].startswith("text/csv")
    assert "'=HYPERLINK(1)" in response.content.decode()


def test_the_dashboard_shows_the_turnover_of_posted_entries(client_for, accountant, chart, acme):
    client = client_for(accountant)
    client.post("/t/acme/ledger/new-entry/", entry_form(post=""))
    client.post("/t/acme/ledger/new-entry/", entry_form(draft=""))

    page = client.get("/t/acme/").content.decode()

    assert "turnover 1,200.50 USD" in page
    assert "1200.50" in page.split("View as table")[1]


def test_a_button_pressed_twice_runs_its_command_once(client_for, controller, january, acme):
    client = client_for(controller)
    page = client.get(f"/t/acme/periods/{january.pk}/close/").content.decode()
    key = re.search(r'name="idempotency_key" value="(\w+)"', page)[1]
    form = {"reason": "Bank agreed to the cent.", "idempotency_key": key}

    responses = [client.post(f"/t/acme/periods/{january.pk}/close/", form) for _ in range(2)]

    assert [response.status_code for response in responses] == [302, 302]
    with activate(acme):
        assert Period.objects.get(pk=january.pk).close_version == 1


def test_a_code_with_a_blank_is_chosen_whole(client_for, accountant, acme):
    with activate(acme):
        for code, name in (("70", "Sales"), ("70 A", "Sales abroad"), ("1000", "Cash")):
            dispatch(OpenAccount(code=code, name=name, type="asset"), actor=SUITE)
    client = client_for(accountant)

    for chosen, code in (("70 A Sales abroad", "70 A"), ("70 A", "70 A"), ("70 Sales", "70"), ("70", "70")):
        form = entry_form(
            **{"form-0-account": chosen, "form-1-account": "1000 Cash", "form-0-debit": "1200.50"}
        )
        response = client.post("/t/acme/ledger/new-entry/", form | {"post": ""}, follow=True)

        assert "is posted." in response.content.decode(), chosen
        with activate(acme):
            assert Entry.objects.latest("pk").lines.earliest("line_no").account.code == code


def test_a_choice_that_names_two_accounts_or_none_is_refused(client_for, accountant, acme):
    with activate(acme):
        for code, name in (("70", "A Sales"), ("70 A", "Sales"), ("1000", "Cash")):
            dispatch(OpenAccount(code=code, name=name, type="asset"), actor=SUITE)
    client = client_for(accountant)

    for chosen, sentence in (("70 A Sales", "names both 70 and 70 A"), ("70 B", "ledger.account_unknown")):
        form = entry_form(**{"form-0-account": chosen, "form-1-account": "1000", "form-0-debit": "1200.50"})
        page = client.post("/t/acme/ledger/new-entry/", form | {"post": ""}).content.decode()

        assert sentence in page
    with activate(acme):
        assert not Entry.objects.exists()


def test_a_reason_of_invisible_text_is_the_refusal_of_a_missing_one(client_for, controller, january, acme):
    client = client_for(controller)
    path = f"/t/acme/periods/{january.pk}/close/"

    for reason in ("", " ", "\u200b\u2060", "\u3164\xa0"):
        form = client.post(path, {"reason": reason}).context["form"]

        assert form.errors["reason"].as_data()[0].code == "required", ascii(reason)
    for reason, code in (("x" * 10_001, "max_length"), ("Because\x07 of that", "character_not_allowed")):
        form = client.post(path, {"reason": reason}).context["form"]

        assert form.errors["reason"].as_data()[0].code == code
    with activate(acme):
        assert Period.objects.get(pk=january.pk).is_open
