"""A screen behind a release flag, and heavy parts that can be turned off: the page says what to do instead."""

from __future__ import annotations

import pytest

from apps.console.flag_declarations import LIST_EXPORTS
from apps.flags.testing import override
from apps.ledger.flag_declarations import ACCOUNT_STATEMENT, TRIAL_BALANCE
from apps.ledger.models import Account

STATEMENT = "/t/acme/ledger/account-statement/"


@pytest.fixture
def client(client_for, owner, chart):
    return client_for(owner)


def test_a_screen_whose_release_flag_is_off_is_neither_there_nor_linked(client, at_acme):
    row = f"/t/acme/ledger/account/{Account.objects.get(code='1000').pk}/change/"
    assert client.get(STATEMENT).status_code == 200
    for page in ("/t/acme/", row):
        assert "account-statement/" in client.get(page).content.decode()

    with override(ACCOUNT_STATEMENT, False):
        assert client.get(STATEMENT).status_code == 404
        for page in ("/t/acme/", row):
            assert "account-statement/" not in client.get(page).content.decode()


def test_a_report_that_is_off_leads_to_its_fallback(client, api, owner):
    page = "/t/acme/ledger/trial-balance/"
    assert client.get(page).status_code == 200
    assert api(owner).get("ledger/trial-balance/").status_code == 200

    with override(TRIAL_BALANCE.flag, False):
        for address in (page, page + "?format=csv"):
            degraded = client.get(address)
            assert (degraded.status_code, degraded["Retry-After"]) == (503, "600")
        fallback = "/t/acme/schedules/new/ledger.export_journal/"
        assert fallback in degraded.content.decode()
        assert client.get(fallback).status_code == 200
        caller = api(owner)
        caller.client.raise_request_exception = False
        refused = caller.get("ledger/trial-balance/")
        assert (refused.status_code, refused.json()["code"]) == (503, "kernel.degraded")


def test_exports_of_lists_that_are_off_are_refused_with_the_way_out(client):
    page = "/t/acme/ledger/account/csv/"
    assert client.get(page).status_code == 200

    with override(LIST_EXPORTS.flag, False):
        refused = client.get(page)
        assert refused.status_code == 503
        assert "The API has the same rows" in refused.content.decode()
        assert client.get("/t/acme/ledger/account/").status_code == 200
