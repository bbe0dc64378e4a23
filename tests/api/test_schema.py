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
        (f"{method} {path}", operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
    ]


def test_the_document_lists_the_versioned_endpoints_only(schema):
    assert schema["openapi"].startswith("3.1")
    assert len(schema["paths"]) >= 5
    assert all(path.startswith(("/api/v1/", *PROTOCOLS)) for path in schema["paths"])


PROTOCOLS = ("/ofrep/v1/", "/api/client/")
"""Addresses that protocols define, with errors in their own form."""
SCHEMES = [{"serviceAccount": []}, {"token": []}, {"session": []}]
SCHEMES_OF_PROTOCOLS = [{"programToken": []}, {"token": []}, {"session": []}]


def test_every_operation_is_documented(schema):
    for name, operation in operations(schema):
        assert operation.get("summary"), name
        assert len(operation.get("description", "")) > 10, name
        refused = operation["responses"]["default"]["content"]
        if name.split()[1].startswith(PROTOCOLS):
            assert operation["security"] == SCHEMES_OF_PROTOCOLS, name
            assert [*refused] == ["application/json"], name
            continue
        assert operation.get("security") in (SCHEMES, None), name
        assert refused == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }, name


def test_only_sign_in_operations_need_no_authentication(schema):
    public_operations = {
        operation["operationId"] for _, operation in operations(schema) if "security" not in operation
    }

    assert public_operations == {"identity_sign_in", "identity_refresh", "identity_sign_out"}


def test_operation_ids_are_unique(schema):
    ids = [operation["operationId"] for _, operation in operations(schema)]

    assert len(ids) == len(set(ids))


def test_operations_are_named_after_commands():
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


def test_a_required_text_of_a_request_has_a_minimum_length():
    shapes = document(settings.ROOT_URLCONF)["components"]["schemas"]

    assert shapes["OpenJournal"]["properties"]["code"]["minLength"] == 1
    assert "minLength" not in shapes["TrialBalance"]["properties"]["month"]
    assert "minLength" not in shapes["Seal"]["properties"]["hash"]


def test_each_plane_has_its_own_document(api, owner, operator, acme):
    there = api(owner).client.get("/t/acme/api/schema/", headers={"accept": "application/json"})
    here = api(operator, None).client.get("/api/schema/", headers={"accept": "application/json"})

    assert there.json()["servers"] == [{"url": "/t/acme"}]
    assert "/api/v1/ledger/entries/" in there.json()["paths"]
    assert here.json()["servers"] == [{"url": "/"}]
    assert "/api/v1/tenancy/tenants/" in here.json()["paths"]
    assert "/api/v1/ledger/entries/" not in here.json()["paths"]


def test_the_documentation_page_is_offline_with_a_csrf_token(api, owner):
    client = api(owner).client
    page = client.get("/t/acme/api/docs/").content.decode()
    script = client.get("/t/acme/api/docs/?script=").content.decode()

    assert "https://" not in page
    assert "http://" not in page
    assert "X-CSRFTOKEN" in script.upper()
    assert 'request.headers["X-CSRFTOKEN"] = ""' not in script
