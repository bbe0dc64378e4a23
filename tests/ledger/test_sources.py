"""A business fact is booked once, whoever books it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, connections, transaction

from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.ledger.errors import FactAlreadyPosted
from apps.ledger.models import Entry
from tests.support.books import sale
from tests.support.ledger_sql import DRAFT

FACT = "payment_confirmed:17"


def paid(amount="10.00"):
    return replace(sale(amount), source=FACT)


def test_the_same_fact_again_is_the_entry_that_is_there(chart, accountant):
    first, again = dispatch(paid(), actor=accountant), dispatch(paid(), actor=accountant)

    assert (again.pk, str(again)) == (first.pk, str(first))
    assert Entry.objects.count() == 1


def test_the_same_fact_with_other_lines_is_refused(chart, accountant):
    dispatch(paid(), actor=accountant)

    with pytest.raises(FactAlreadyPosted):
        dispatch(paid("11.00"), actor=accountant)


def test_entries_without_a_fact_are_as_many_as_are_posted(chart, accountant):
    assert dispatch(sale(), actor=accountant).pk != dispatch(sale(), actor=accountant).pk


def test_raw_sql_books_it_once_too(chart, accountant):
    dispatch(paid(), actor=accountant)
    again = DRAFT.replace("reference, created_at", "reference, source, created_at")
    again = again.replace("'', now()", f"'', '{FACT}', now()")

    with (
        pytest.raises(IntegrityError, match="ledger_entry_source_once"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(again)


def test_two_who_book_it_at_once_get_one_entry(chart, acme, accountant):
    booked = []

    def book():
        with activate(acme):
            booked.append(dispatch(paid(), actor=accountant).pk)
        connections.close_all()

    threads = [threading.Thread(target=book) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(booked) == 4
    assert len(set(booked)) == Entry.objects.count() == 1


def test_the_api_takes_no_source(chart, client_for, accountant):
    response = client_for(accountant).post(
        "/t/acme/api/v1/ledger/entries/",
        {"posted_on": "2026-01-01", "memo": "", "lines": [], "source": FACT},
        content_type="application/json",
    )

    assert response.status_code == 400
    assert "source" in response.content.decode()
