"""Pages, filters, and what is not understood."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import parse_qs, urlsplit

import pytest


def test_walks_through_all_rows_once(api, auditor):
    caller = api(auditor)
    seen, query = [], {"page_size": "5"}
    while True:
        page = caller.get("periods/periods/", **query).json()
        seen += [each["id"] for each in page["results"]]
        if page["next"] is None:
            break
        assert page["next"].startswith("http://testserver/t/acme/api/v1/periods/periods/?")
        query = {key: said[0] for key, said in parse_qs(urlsplit(page["next"]).query).items()}

    assert len(seen) == len(set(seen)) == 12


@pytest.mark.parametrize("size", ["0", "201", "-1", "many", "", "1.5", "٥", "9" * 400])
def test_refuses_a_wrong_page_size(api, auditor, size):
    answer = api(auditor).get("periods/periods/", page_size=size)

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "page_size")


@pytest.mark.parametrize(
    "cursor", ["x", "", "!!!", b64encode(b"p=abc").decode(), b64encode(b"p=%00").decode()]
)
def test_refuses_a_wrong_cursor(api, auditor, cursor):
    answer = api(auditor).get("audit/records/", cursor=cursor)

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("ledger/entries/", {"since": "31.01.2026"}),
        ("ledger/entries/", {"status": "burnt"}),
        ("ledger/entries/", {"bogus": "1"}),
        ("ledger/entries/", {"status": ["draft", "posted"]}),
        ("audit/records/", {"since": "yesterday"}),
        ("audit/records/", {"outcome": "perhaps"}),
        ("periods/periods/1/", {"page_size": "5"}),
        ("identity/me/", {"verbose": "1"}),
    ],
)
def test_refuses_what_it_does_not_understand(api, auditor, path, query):
    answer = api(auditor).get(path, **query)

    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid"), answer.content
    assert [each["attr"] for each in answer.json()["errors"]] == list(query)


def test_rehearse_is_true_or_false(api, controller):
    answer = api(controller).post("periods/years/?rehearse=maybe", {"year": 2030})

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "rehearse")
