"""A business fact is posted once, under any concurrency."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, connections, transaction

from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.ledger.errors import FactAlreadyPosted, SourceReserved
from apps.ledger.hooks import document_facts
from apps.ledger.models import Entry
from tests.support.books import sale
from tests.support.ledger_sql import DRAFT

FACT = "payroll:17"


def paid(amount="10.00"):
    return replace(sale(amount), source=FACT)


def test_a_repeated_fact_returns_the_first_entry(chart, accountant):
    first, again = dispatch(paid(), actor=accountant), dispatch(paid(), actor=accountant)

    assert (again.pk, str(again)) == (first.pk, str(first))
    assert Entry.objects.count() == 1


def test_a_repeated_fact_with_other_lines_is_refused(chart, accountant):
    dispatch(paid(), actor=accountant)

    with pytest.raises(FactAlreadyPosted):
        dispatch(paid("11.00"), actor=accountant)


def test_an_entry_with_the_fact_of_a_document_is_refused(chart, accountant):
    assert {"payment_confirmed", "invoice_issued"} <= document_facts()
    for fact in document_facts():
        with pytest.raises(SourceReserved, match=f"{fact}:17 is the fact of"):
            dispatch(replace(sale(), source=f"{fact}:17"), actor=accountant)

    assert not Entry.objects.exists()


def test_repeated_entries_without_a_fact_are_all_posted(chart, accountant):
    assert dispatch(sale(), actor=accountant).pk != dispatch(sale(), actor=accountant).pk


def test_a_repeated_fact_by_raw_sql_is_refused(chart, accountant):
    dispatch(paid(), actor=accountant)
    again = DRAFT.replace("reference, created_at", "reference, source, created_at")
    again = again.replace("'', now()", f"'', '{FACT}', now()")

    with (
        pytest.raises(IntegrityError, match="ledger_entry_source_once"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(again)


def test_concurrent_postings_of_a_fact_return_one_entry(chart, acme, accountant):
    entry_ids = []

    def post():
        with activate(acme):
            entry_ids.append(dispatch(paid(), actor=accountant).pk)
        connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(entry_ids) == 4
    assert len(set(entry_ids)) == Entry.objects.count() == 1


def test_a_source_in_an_api_request_is_refused(chart, client_for, accountant):
    response = client_for(accountant).post(
        "/t/acme/api/v1/ledger/entries/",
        {"posted_on": "2026-01-01", "memo": "", "lines": [], "source": FACT},
        content_type="application/json",
    )

    assert response.status_code == 400
    assert "source" in response.content.decode()
