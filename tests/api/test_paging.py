"""Pages, filters and invalid parameters."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import parse_qs, urlsplit

from django.db import connection
from django.test.utils import CaptureQueriesContext


def test_the_pages_contain_every_row_once(api, auditor):
    caller = api(auditor)
    seen, query = [], {"page_size": "5"}
    while True:
        page = caller.get("periods/periods/", **query).json()
        seen += [period["id"] for period in page["results"]]
        if page["next"] is None:
            break
        assert page["next"].startswith("http://testserver/t/acme/api/v1/periods/periods/?")
        query = {key: values[0] for key, values in parse_qs(urlsplit(page["next"]).query).items()}

    assert len(seen) == len(set(seen)) == 12


def test_an_invalid_page_size_is_refused(api, auditor):
    caller = api(auditor)

    for size in ("0", "201", "-1", "many", "", "1.5", "٥", "1_0", "+5", "000000001999", "9" * 400):
        assert refused(caller.get("periods/periods/", page_size=size)) == ["page_size"]


def test_an_invalid_cursor_is_refused(api, auditor):
    caller = api(auditor)

    for cursor in ("x", "", "!!!", "é", *(b64encode(text).decode() for text in (b"p=abc", b"p=%00", b"q=1"))):
        assert refused(caller.get("audit/records/", cursor=cursor)) == ["cursor"]


def test_an_invalid_parameter_is_refused(api, auditor):
    caller = api(auditor)

    for path, query in (
        ("ledger/entries/", {"since": "31.01.2026"}),
        ("ledger/entries/", {"status": "burnt"}),
        ("ledger/entries/", {"bogus": "1"}),
        ("ledger/entries/", {"status": ["draft", "posted"]}),
        ("audit/records/", {"since": "yesterday"}),
        ("audit/records/", {"outcome": "perhaps"}),
        ("periods/periods/1/", {"page_size": "5"}),
        ("identity/me/", {"verbose": "1"}),
    ):
        assert refused(caller.get(path, **query)) == list(query)


def refused(response) -> list[str]:
    """The parameters named in a 400 response."""
    assert (response.status_code, response.json()["code"]) == (400, "request.invalid"), response.content
    return [error["attr"] for error in response.json()["errors"]]


def test_a_long_page_needs_no_more_queries_than_a_short_page(api, accountant, auditor, chart, sale):
    caller = api(accountant)
    for _ in range(4):
        entry = caller.post("ledger/entries/", sale).json()

    reader = api(auditor)
    reader.get("identity/me/")  # fills the cache of sessions
    for path in ("ledger/entries/", "ledger/accounts/", "audit/records/", "periods/periods/"):
        assert queries(reader, path, page_size=1) == queries(reader, path, page_size=200), path
    assert queries(reader, f"ledger/entries/{entry['id']}/") < 12


def queries(caller, path: str, **query: object) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert caller.get(path, **query).status_code == 200
    return len(captured)


def test_an_invalid_dry_run_parameter_is_refused(api, controller):
    response = api(controller).post("periods/years/?dry_run=maybe", {"year": 2030})

    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "dry_run")
