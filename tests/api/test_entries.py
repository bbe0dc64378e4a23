"""Ledger entries over HTTP, isolated from a second tenant."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.kernel.clock import today

D = Decimal
pytestmark = pytest.mark.usefixtures("chart")


def sides(line: dict) -> tuple[str, Decimal, Decimal]:
    return line["account"], D(line["debit"]), D(line["credit"])


def test_an_entry_is_posted(api, accountant, sale):
    response = api(accountant).post("ledger/entries/", sale)

    posted = response.json()
    assert response.status_code == 201, posted
    assert (posted["status"], posted["number"], posted["journal"]) == ("posted", 1, "GEN")
    assert [sides(line) for line in posted["lines"]] == [
        ("1000", D("12.50"), D(0)),
        ("4000", D(0), D("12.50")),
    ]
    assert posted["lines"][0]["debit"] == "12.50"


def test_an_entry_is_invisible_to_another_tenant(api, accountant, globex, globex_owner, sale):
    posted = api(accountant).post("ledger/entries/", sale).json()
    elsewhere = api(globex_owner, globex)

    assert elsewhere.get("ledger/entries/").json()["results"] == []
    assert elsewhere.get(f"ledger/entries/{posted['id']}/").status_code == 404
    assert (
        elsewhere.post(
            f"ledger/entries/{posted['id']}/reverse/",
            {"posted_on": sale["posted_on"], "reason": "not mine at all"},
        ).status_code
        == 404
    )


def test_a_session_of_one_tenant_is_anonymous_at_another(api, owner, globex):
    caller = api(owner)

    response = caller.client.get("/t/globex/api/v1/ledger/entries/")

    assert (response.status_code, response.json()["code"]) == (401, "request.not_authenticated")


def test_a_renamed_session_cookie_of_another_tenant_is_anonymous(api, owner, acme, globex):
    caller = api(owner)
    stolen = caller.client.cookies[f"bursar_session_{acme.id}"].value
    caller.client.cookies[f"bursar_session_{globex.id}"] = stolen

    assert caller.client.get("/t/globex/api/v1/identity/me/").status_code == 401


def test_entries_are_filtered(api, accountant, sale):
    caller = api(accountant)
    caller.post("ledger/entries/", sale)
    caller.post("ledger/entries/drafts/", sale)

    def statuses(**query):
        response = caller.get("ledger/entries/", **query)
        assert response.status_code == 200, response.content
        return [entry["status"] for entry in response.json()["results"]]

    assert sorted(statuses()) == ["draft", "posted"]
    assert statuses(status="posted", journal="GEN", since=today().isoformat(), until=today().isoformat()) == [
        "posted"
    ]
    assert statuses(since="2999-01-01") == []
    assert statuses(journal="NONE") == []


def test_a_draft_is_posted_and_reversed(api, controller, sale):
    caller = api(controller)
    draft = caller.post("ledger/entries/drafts/", sale).json()

    posted = caller.post(f"ledger/entries/{draft['id']}/post/")
    reversal = caller.post(
        f"ledger/entries/{draft['id']}/reverse/",
        {"posted_on": sale["posted_on"], "reason": "it was entered twice"},
    )

    assert (posted.status_code, posted.json()["status"]) == (200, "posted"), posted.json()
    assert (reversal.status_code, reversal.json()["reversal_of"]) == (201, draft["id"]), reversal.json()
    assert (posted.json()["reversed_by"], posted.json()["is_reversible"]) == (None, True)
    reversed_entry = caller.get(f"ledger/entries/{draft['id']}/").json()
    assert reversed_entry["reversed_by"] == reversal.json()["id"]
    assert reversed_entry["is_reversible"] is False
    assert [sides(line)[1] for line in reversal.json()["lines"]] == [D(0), D("12.50")]


def test_a_draft_is_discarded(api, controller, sale):
    caller = api(controller)
    draft = caller.post("ledger/entries/drafts/", sale).json()

    assert caller.post(f"ledger/entries/{draft['id']}/discard/").status_code == 204
    assert caller.get(f"ledger/entries/{draft['id']}/").status_code == 404


def test_all_refusals_of_an_entry_are_returned_together(api, accountant, sale):
    sale["lines"] = [{"account": "9999", "currency": "USD", "amount": "1.00"}, sale["lines"][1]]

    response = api(accountant).post("ledger/entries/", sale | {"posted_on": "1999-01-01", "journal": "NONE"})

    assert response.status_code == 409
    assert {error["code"] for error in response.json()["errors"]} == {
        "ledger.account_unknown",
        "ledger.journal_unknown",
        "periods.no_period_for_day",
    }


def test_an_unbalanced_entry_is_refused(api, accountant, sale):
    sale["lines"][0]["amount"] = "12.49"

    response = api(accountant).post("ledger/entries/", sale)

    assert (response.status_code, response.json()["code"]) == (422, "ledger.entry_unbalanced")


def test_an_impossible_amount_is_refused(api, accountant, sale):
    caller = api(accountant)

    for amount in ("0.001", "99999999999999999.00", "0.00"):
        sale["lines"][0]["amount"] = amount
        assert caller.post("ledger/entries/", sale).status_code == 422


def test_an_invalid_amount_is_reported_with_its_line(api, accountant, sale):
    sale["lines"][1]["amount"] = -12.5

    response = api(accountant).post("ledger/entries/", sale)

    assert (response.status_code, response.json()["code"]) == (400, "request.invalid")
    assert [error["attr"] for error in response.json()["errors"]] == ["lines.1.amount"]


def test_a_text_that_is_too_long_is_refused(api, accountant, sale):
    response = api(accountant).post("ledger/entries/", sale | {"reference": "x" * 121})

    assert (response.status_code, response.json()["code"]) == (422, "bus.text_too_long")


def test_a_dry_run_posts_no_entry(api, accountant, sale):
    caller = api(accountant)
    dry_run = "ledger/entries/?dry_run=true"

    valid = caller.post(dry_run, sale)
    invalid = caller.post(dry_run, sale | {"posted_on": "1999-01-01"})

    assert valid.json() == {"would_be_done": True, "refusals": []}
    assert invalid.status_code == 200
    assert invalid.json()["would_be_done"] is False
    assert invalid.json()["refusals"][0]["code"].startswith(("periods.", "ledger."))
    assert caller.get("ledger/entries/").json()["results"] == []


def test_the_trial_balance_sums_posted_entries(api, accountant, auditor, sale):
    api(accountant).post("ledger/entries/", sale)

    rows = api(auditor).get("ledger/trial-balance/", by="total").json()

    assert [(row["code"], row["debit"], row["credit"], row["closing"]) for row in rows] == [
        ("1000", "12.50", "0.00", "12.50"),
        ("4000", "0.00", "12.50", "-12.50"),
    ]


def test_an_unknown_parameter_of_the_trial_balance_is_refused(api, auditor):
    caller = api(auditor)

    for query in ({"by": "week"}, {"since": "yesterday"}, {"when": "2026-01-01"}):
        response = caller.get("ledger/trial-balance/", **query)
        assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, *query)


def test_an_account_is_opened_then_deactivated(api, controller):
    caller = api(controller)
    opened = caller.post("ledger/accounts/", {"code": "5000", "name": "Rent", "type": "expense"})

    closed = caller.post(
        f"ledger/accounts/{opened.json()['id']}/deactivate/", {"reason": "we moved out of there"}
    )

    assert opened.status_code == 201, opened.json()
    assert (closed.status_code, closed.json()["is_active"]) == (200, False), closed.json()


def test_an_opened_journal_is_listed(api, controller, auditor):
    opened = api(controller).post("ledger/journals/", {"code": "SAL", "name": "Sales"})

    assert opened.status_code == 201, opened.json()
    listed = api(auditor).get("ledger/journals/").json()["results"]
    assert [journal["code"] for journal in listed] == ["GEN", "SAL"]
