"""Periods over HTTP."""

from __future__ import annotations

import datetime as dt

from apps.kernel.clock import today

REASON = {"reason": "the month is complete"}


def first_period(caller) -> dict:
    return caller.get("periods/periods/", page_size=200).json()["results"][-1]


def test_years_with_periods_are_listed(api, auditor):
    caller = api(auditor)

    years = caller.get("periods/years/").json()["results"]
    periods = caller.get("periods/periods/", year=years[0]["code"], status="open").json()["results"]

    assert [year["code"] for year in years] == [str(today().year)]
    assert len(periods) == 12
    assert periods[0]["code"] > periods[-1]["code"]
    assert caller.get(f"periods/periods/{periods[0]['id']}/").json() == periods[0]


def test_the_next_fiscal_year_is_added(api, controller):
    response = api(controller).post("periods/years/", {"year": today().year + 1})

    assert (response.status_code, response.json()["starts_on"]) == (
        201,
        dt.date(today().year + 1, 1, 1).isoformat(),
    )


def test_an_open_earlier_period_blocks_closing(api, auditor):
    caller = api(auditor)
    first, second = caller.get("periods/periods/").json()["results"][-1:-3:-1]

    assert caller.get(f"periods/periods/{first['id']}/blockers/").json() == []
    (blocker,) = caller.get(f"periods/periods/{second['id']}/blockers/").json()
    assert blocker["code"] == "periods.earlier_period_is_open"
    assert blocker["context"]["earlier"] == first["code"]
    assert caller.get("periods/periods/987654/blockers/").status_code == 404


def test_posting_into_a_closed_period_is_refused(api, controller, chart, sale):
    caller = api(controller)
    january = first_period(caller)

    closed = caller.post(f"periods/periods/{january['id']}/close/", REASON)
    late = caller.post("ledger/entries/", sale | {"posted_on": january["starts_on"]})

    assert (closed.status_code, closed.json()["status"]) == (200, "closed"), closed.json()
    assert (late.status_code, late.json()["code"]) == (409, "periods.period_is_closed"), late.json()


def test_a_dry_run_does_not_close_the_period(api, controller):
    caller = api(controller)
    january = first_period(caller)

    dry_run = caller.post(f"periods/periods/{january['id']}/close/?dry_run=true", REASON)

    assert dry_run.json() == {"would_be_done": True, "refusals": []}
    assert first_period(caller)["status"] == "open"


def test_an_accountant_may_not_close(api, accountant):
    caller = api(accountant)
    response = caller.post(f"periods/periods/{first_period(caller)['id']}/close/", REASON)

    assert (response.status_code, response.json()["code"]) == (403, "bus.permission_denied")


def test_closing_an_unknown_period_is_not_found(api, controller, globex):
    for unknown_id in (987654, 2**70):
        assert api(controller).post(f"periods/periods/{unknown_id}/close/", REASON).status_code == 404
