"""The OpenAPI document of each plane."""

from __future__ import annotations

import pytest
from django.conf import settings

from tests.support.openapi import document

PLANES = (settings.OPERATOR_URLCONF, settings.ROOT_URLCONF)
MONEY = {"type": "string", "format": "decimal"}


@pytest.fixture(params=PLANES)
def schema(request) -> dict:
    return document(request.param)


def operations(schema: dict) -> list[tuple[str, dict]]:
    return [
        (f"{method} {path}", each) for path, item in schema["paths"].items() for method, each in item.items()
    ]


def test_has_our_endpoints_and_nothing_else(schema):
    assert schema["openapi"].startswith("3.1")
    assert len(schema["paths"]) >= 5
    assert all(path.startswith("/api/v1/") for path in schema["paths"])


def test_every_operation_is_documented(schema):
    for name, each in operations(schema):
        assert each.get("summary"), name
        assert len(each.get("description", "")) > 10, name
        assert each.get("security") in ([{"token": []}, {"session": []}], None), name
        refused = each["responses"]["default"]["content"]
        assert refused == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }, name


def test_only_signing_in_needs_nothing(schema):
    open_to_all = {each["operationId"] for _, each in operations(schema) if "security" not in each}

    assert open_to_all == {"identity_sign_in", "identity_refresh", "identity_sign_out"}


def test_operation_ids_are_unique(schema):
    ids = [each["operationId"] for _, each in operations(schema)]

    assert len(ids) == len(set(ids))


def test_commands_lend_their_names():
    schema = document(settings.ROOT_URLCONF)
    post = schema["paths"]["/api/v1/ledger/entries/"]["post"]

    assert post["operationId"] == "ledger_post_entry"
    assert post["summary"] == "Post entry"
    assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/PostEntry")
    amount = schema["components"]["schemas"]["LedgerLine"]["properties"]["amount"]
    assert amount.items() >= MONEY.items()
    for name in ("debit", "credit"):
        shown = schema["components"]["schemas"]["EntryLine"]["properties"][name]
        assert shown.items() >= MONEY.items()


def test_a_text_that_must_be_given_is_not_empty_and_one_that_we_give_may_be():
    shapes = document(settings.ROOT_URLCONF)["components"]["schemas"]

    assert shapes["OpenJournal"]["properties"]["code"]["minLength"] == 1
    assert "minLength" not in shapes["TrialBalance"]["properties"]["month"]
    assert "minLength" not in shapes["Seal"]["properties"]["hash"]


def test_the_document_serves_its_own_plane(api, owner, operator, acme):
    there = api(owner).client.get("/t/acme/api/schema/", headers={"accept": "application/json"})
    here = api(operator, None).client.get("/api/schema/", headers={"accept": "application/json"})

    assert there.json()["servers"] == [{"url": "/t/acme"}]
    assert "/api/v1/ledger/entries/" in there.json()["paths"]
    assert here.json()["servers"] == [{"url": "/"}]
    assert "/api/v1/tenancy/tenants/" in here.json()["paths"]
    assert "/api/v1/ledger/entries/" not in here.json()["paths"]


def test_the_page_is_offline_and_knows_the_csrf_token(api, owner):
    client = api(owner).client
    page = client.get("/t/acme/api/docs/").content.decode()
    script = client.get("/t/acme/api/docs/?script=").content.decode()

    assert "https://" not in page
    assert "http://" not in page
    assert "X-CSRFTOKEN" in script.upper()
    assert 'request.headers["X-CSRFTOKEN"] = ""' not in script
