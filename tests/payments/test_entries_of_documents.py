"""An entry that a document booked is corrected by the document, and never reversed by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.clock import today
from apps.ledger.commands import ReverseEntry
from apps.ledger.errors import EntryIsOfDocument
from apps.ledger.hooks import document_facts, document_of
from apps.ledger.models import Entry
from apps.payments.commands import ReceiveTransfer, RefundCredit, RefundPayment
from apps.payments.models import Payment
from tests.support.settling import settle
from tests.support.shop import ordered
from tests.support.sqlstate import refused

SYSTEM = System("test")
REVERSAL = (
    "INSERT INTO ledger_entry (journal_id, period_id, posted_on, status, memo, payee, reference, created_at,"
    " reversal_of_id) SELECT journal_id, period_id, posted_on, 'draft', '', '', '', now(), id"
    " FROM ledger_entry WHERE id = {entry}"
)


def reverse_entry(entry):
    command = ReverseEntry(entry_id=entry.pk, posted_on=today(), reason="A mistake.")
    return dispatch(command, actor=SYSTEM)


def received(actor):
    command = ReceiveTransfer(
        amount=Decimal(60), currency="USD", provider="manual", provider_payment_id="bank-9"
    )
    return dispatch(command, actor=actor)


@pytest.fixture
def on_account(till, accountant):
    return received(accountant)


def test_reversing_the_entry_of_money_on_account_is_refused_with_the_way_to_correct_it(on_account):
    with pytest.raises(EntryIsOfDocument, match=r"money on account .* Refund the money on account instead"):
        reverse_entry(on_account.entry)

    assert not Entry.objects.filter(reversal_of=on_account.entry).exists()


def test_reversing_an_entry_of_any_document_is_refused_by_the_command_and_by_the_database(shop, controller):
    on_account = received(controller)
    placed = dispatch(ordered(), actor=controller)
    settle()
    paid = Payment.objects.get(reference=placed.subject)
    for command in (
        RefundPayment(payment_id=paid.pk, amount=Decimal(1), reason="Bent", reference="r-1"),
        RefundCredit(credit_id=on_account.pk, amount=Decimal(5), reason="Too much", reference="r-2"),
    ):
        dispatch(command, actor=controller)
    settle()
    booked = [entry for entry in Entry.objects.exclude(source="") if document_of(entry.source)]

    assert {entry.source.partition(":")[0] for entry in booked} == document_facts()
    for entry in booked:
        with pytest.raises(EntryIsOfDocument):
            reverse_entry(entry)
        assert refused(REVERSAL.format(entry=entry.pk)) == "BL021"


def test_the_database_guards_the_documents_that_the_apps_declare(at_acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(tgargs, 'escape') FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
            " WHERE proname = 'ledger_document_guard' AND tgrelid = 'ledger_entry'::regclass"
        )
        guarded = [fact for (facts,) in cursor.fetchall() for fact in facts.split("\\000") if fact]

    assert sorted(guarded) == sorted(document_facts())


def test_the_page_of_such_an_entry_has_no_button_and_the_page_of_the_command_names_the_reason(
    on_account, client_for, controller
):
    client, entry = client_for(controller), on_account.entry
    command = f"/t/acme/ledger/entry/{entry.pk}/reverse/"

    assert command not in client.get(f"/t/acme/ledger/entry/{entry.pk}/change/").content.decode()
    assert "was booked by money on account" in client.get(command).content.decode()
    response = client.post(command, {"posted_on": today().isoformat(), "reason": "A mistake."})
    assert response.status_code == 409
    assert "ledger.entry_is_of_document" in response.content.decode()


def test_the_api_refuses_the_reversal_and_shows_it_before(on_account, api, controller):
    caller, entry = api(controller), on_account.entry

    assert caller.get(f"ledger/entries/{entry.pk}/").json()["is_reversible"] is False
    response = caller.post(
        f"ledger/entries/{entry.pk}/reverse/", {"posted_on": today().isoformat(), "reason": "A mistake."}
    )
    assert (response.status_code, response.json()["code"]) == (409, "ledger.entry_is_of_document")
