"""The header Idempotency-Key: required where money moves; a repeated request returns the first response."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from apps.bus.idempotency import keys
from apps.kernel.tenant import activate
from apps.ledger.models import Entry

ENTRIES = "ledger/entries/"


@pytest.fixture
def caller(api, chart, accountant):
    return api(accountant)


def posted(acme):
    with activate(acme):
        return Entry.objects.count()


def test_a_request_without_a_key_is_refused_where_money_moves(caller, sale, acme):
    response = caller.post(ENTRIES, sale, key=None)

    assert (response.status_code, response.json()["code"]) == (400, "bus.idempotency_key_missing")
    assert posted(acme) == 0


def test_a_dry_run_needs_no_key(caller, sale):
    assert caller.post(f"{ENTRIES}?dry_run=true", sale, key=None).status_code == 200


def test_an_optional_key_is_honoured(api, owner, chart, acme):
    account = {"code": "1900", "name": "Till", "type": "asset"}

    first = api(owner).post("ledger/accounts/", account, key="till")
    second = api(owner).post("ledger/accounts/", account, key="till")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_repeated_request_returns_the_first_response(caller, sale, acme):
    first = caller.post(ENTRIES, sale, key="till-1")
    second = caller.post(ENTRIES, sale, key='"till-1"')

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert posted(acme) == 1


def test_another_body_under_the_key_is_refused(caller, sale, acme):
    caller.post(ENTRIES, sale, key="till-1")

    response = caller.post(ENTRIES, sale | {"memo": "another"}, key="till-1")

    assert (response.status_code, response.json()["code"]) == (422, "bus.key_reused")
    assert posted(acme) == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 256, '"with a space"', "ключ".encode().decode("latin-1")])
def test_a_malformed_key_is_refused(caller, sale, key):
    response = caller.client.post(
        caller.base + ENTRIES, sale, content_type="application/json", headers={"Idempotency-Key": key}
    )

    assert (response.status_code, response.json()["code"]) == (400, "bus.idempotency_key_malformed")


def test_a_repeated_request_during_the_first_is_a_conflict_with_retry_after(caller, sale, acme, monkeypatch):
    claimed, may_end = threading.Event(), threading.Event()
    remember = keys.remember

    def slowly(*args):
        claimed.set()
        assert may_end.wait(10)
        remember(*args)

    monkeypatch.setattr(keys, "remember", slowly)

    def post():
        try:
            return caller.post(ENTRIES, sale, key="till-1")
        finally:
            connections.close_all()

    with ThreadPoolExecutor() as pool:
        first = pool.submit(post)
        assert claimed.wait(10)
        second = caller.post(ENTRIES, sale, key="till-1")
        may_end.set()

    assert first.result().status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "bus.request_in_flight")
    assert second.headers["Retry-After"] == "1"
    assert posted(acme) == 1


def test_the_document_marks_the_header_as_required_where_money_moves(api, owner):
    schema = api(owner).client.get("/t/acme/api/schema/", headers={"accept": "application/json"}).json()

    def key_of(path):
        parameters = schema["paths"][path]["post"]["parameters"]
        return next(parameter for parameter in parameters if parameter["name"] == "Idempotency-Key")

    assert key_of("/api/v1/ledger/entries/")["required"] is True
    assert not key_of("/api/v1/ledger/accounts/").get("required", False)
