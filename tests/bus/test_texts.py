"""Texts of commands get their normal form before the audit log, idempotency keys and handlers read them."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.audit.models import Record
from apps.bus import dispatch, dispatch_once, dry_run
from apps.bus.errors import PermissionDenied
from apps.bus.plain import from_json
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken, CompanyNameMissing
from apps.companies.models import Company
from apps.inventory.commands import AddItem
from apps.inventory.errors import ItemNameMissing, SkuTaken
from apps.kernel import clock
from apps.kernel.errors import SeveralRefusals
from apps.kernel.reasons import ReasonRequired
from apps.kernel.text import CharacterNotAllowed
from apps.ledger.commands import DeactivateAccount, OpenAccount, OpenJournal, ReverseEntry
from apps.ledger.errors import AccountCodeTaken, AccountNameMissing, AccountNameTaken, JournalCodeTaken
from apps.ledger.models import Account
from apps.periods.commands import ClosePeriod
from apps.periods.errors import ReasonTooShort
from apps.periods.models import Period
from apps.sales.commands import AddCustomer
from apps.sales.errors import CustomerCodeTaken, CustomerNameMissing
from apps.sales.models import Customer
from apps.schedules.commands import ScheduleCommand
from apps.schedules.models import ScheduledCommand
from tests.support.books import JAN_9, sale

INVISIBLE = "\u200b\u2060\ufeff"


def test_codes_and_names_that_read_the_same_are_taken(at_acme, owner):
    dispatch(OpenAccount(code="1000", name="Caf\u00e9", type="asset"), actor=owner)

    for code in ("1000", " 1000", "10\u200b00", "1000\xa0"):
        with pytest.raises(AccountCodeTaken):
            dispatch(OpenAccount(code=code, name=f"another {len(code)}", type="asset"), actor=owner)
    for name in ("Cafe\u0301", "Café ", "Café\xa0", "Ca\u00adfé", "\u202aCafé"):
        with pytest.raises(AccountNameTaken):
            dispatch(OpenAccount(code="2000", name=name, type="asset"), actor=owner)
    assert Account.objects.get().name == "Caf\u00e9"


def test_codes_that_differ_in_case_only_are_taken(at_acme, owner):
    dispatch(OpenAccount(code="cash", name="Cash", type="asset"), actor=owner)
    dispatch(FoundCompany(code="plant", name="Plant", currency="EUR"), actor=owner)
    dispatch(AddItem(sku="bolt", name="Bolt"), actor=owner)
    dispatch(AddCustomer(code="hooli", name="Hooli"), actor=owner)

    for command, refusal in (
        (OpenAccount(code="CASH", name="Till", type="asset"), AccountCodeTaken),
        (OpenJournal(code="gen", name="Another journal"), JournalCodeTaken),
        (FoundCompany(code="PLANT", name="Another plant", currency="EUR"), CompanyCodeTaken),
        (AddItem(sku="Bolt", name="Another bolt"), SkuTaken),
        (AddCustomer(code="Hooli", name="Another customer"), CustomerCodeTaken),
    ):
        with pytest.raises(refusal):
            dispatch(command, actor=owner)


def test_required_texts_without_a_visible_character_are_missing(at_acme, owner, chart):
    entry = dispatch(sale(), actor=owner)
    period = Period.objects.order_by("starts_on").first()

    for command, refusal in (
        (OpenAccount(code=INVISIBLE, name="x", type="asset"), AccountNameMissing),
        (OpenAccount(code="x", name=INVISIBLE, type="asset"), AccountNameMissing),
        (FoundCompany(code="x", name="\u3164", currency="EUR"), CompanyNameMissing),
        (AddItem(sku="\u2800", name="x"), ItemNameMissing),
        (AddCustomer(code="x", name="\u0301"), CustomerNameMissing),
        (ReverseEntry(entry_id=entry.pk, posted_on=JAN_9, reason=INVISIBLE), ReasonRequired),
        (DeactivateAccount(account_id=chart["2000"].pk, reason=" \xa0\n"), ReasonRequired),
        (ClosePeriod(period_id=period.pk, reason=INVISIBLE * 10), ReasonTooShort),
        (ClosePeriod(period_id=period.pk, reason="." * 20), ReasonTooShort),
    ):
        with pytest.raises(refusal):
            dispatch(command, actor=owner)


def test_a_text_of_several_lines_retains_its_line_breaks(at_acme, owner):
    dispatch(
        AddCustomer(code="HOOLI", name="Hooli\r\nInc.", address="\t1 Hooli Way \r\nPalo Alto\u2028USA\n"),
        actor=owner,
    )

    customer = Customer.objects.get()
    assert customer.name == "Hooli Inc."
    assert customer.address == "1 Hooli Way\nPalo Alto\nUSA"


def test_the_same_request_in_another_form_is_a_repetition(at_acme, owner):
    first = dispatch_once(FoundCompany(code="P", name="Caf\u00e9", currency="EUR"), actor=owner, key="one")
    again = dispatch_once(FoundCompany(code="P ", name="Cafe\u0301", currency="EUR"), actor=owner, key="one")

    assert again.repeated
    assert again.result == first.result


def test_a_refused_character_is_recorded_replaced_and_changes_nothing(at_acme, owner, auditor):
    command = FoundCompany(code="P\ud83d", name="Nul\0", currency="EUR")

    with pytest.raises(SeveralRefusals) as refused:
        dispatch(command, actor=owner)
    with pytest.raises(PermissionDenied):
        dispatch(command, actor=auditor)

    assert [reason.context["character"] for reason in refused.value.refusals] == ["U+D83D", "U+0000"]
    assert [reason.code for reason in dry_run(command, actor=owner)] == ["kernel.character_not_allowed"] * 2
    record = Record.objects.filter(command="companies.found_company", outcome="refused").earliest("id")
    assert (record.request["code"], record.request["name"]) == ("P\ufffd", "Nul\ufffd")
    assert not Company.objects.filter(currency="EUR").exists()


def test_arguments_of_a_stored_command_are_normal_in_the_audit_log_too(at_acme, owner, accountant):
    arguments = {"user_id": accountant.pk, "reason": "  Leaves\u200b\nin  May "}
    dispatch(
        ScheduleCommand(
            command="identity.deactivate_user",
            arguments=arguments,
            local_time=f"{clock.now() + dt.timedelta(days=1):%Y-%m-%dT%H:%M}",
            time_zone="Europe/Berlin",
            reason="The contract\r\nends",
        ),
        actor=owner,
    )

    scheduled = ScheduledCommand.objects.get()
    assert scheduled.arguments["reason"] == "Leaves\nin  May"
    assert scheduled.reason == "The contract\nends"
    record = Record.objects.filter(command="schedules.schedule_command").latest("id")
    assert record.request["arguments"]["reason"] == "Leaves\nin  May"
    assert record.reason == "The contract\nends"


def test_a_command_from_json_has_normal_texts():
    document = {
        "command": "companies.found_company",
        "fields": {"code": " P", "name": "A\u200bB", "currency": "EUR"},
    }

    assert from_json(document) == FoundCompany(code="P", name="AB", currency="EUR")
    with pytest.raises(CharacterNotAllowed):
        from_json({"command": "companies.found_company", "fields": {**document["fields"], "code": "\x01"}})
