"""The committed OpenAPI documents, and the report of breaking changes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from . import openapi
from .openapi import breaking_changes

ENTRY = {
    "type": "object",
    "properties": {
        "memo": {"type": "string"},
        "kind": {"enum": ["sale", "gift"], "type": "string"},
        "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
    },
    "required": ["memo"],
}
LINE = {"type": "object", "properties": {"amount": {"type": "string"}}, "required": ["amount"]}
CONTENT = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Entry"}}}}
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/entries/": {
            "post": {
                "parameters": [{"in": "query", "name": "dry_run", "schema": {"type": "boolean"}}],
                "requestBody": CONTENT,
                "responses": {"201": CONTENT},
            }
        }
    },
    "components": {"schemas": {"Entry": ENTRY, "Line": LINE}},
}


@pytest.mark.slow("generates the whole document")
@pytest.mark.parametrize("plane", ["tenant", "operator"])
def test_the_committed_document_equals_the_one_of_the_code(plane):
    """If not: `python -m tests.architecture.openapi --write`."""
    assert (openapi.FOLDER / f"{plane}.json").read_text() == openapi.rendered(openapi.generated()[plane])


def changed(change) -> list[str]:
    after = deepcopy(DOCUMENT)
    change(after, after["paths"]["/entries/"]["post"], after["components"]["schemas"])
    return [sentence.removeprefix("POST /entries/: ") for sentence in breaking_changes(DOCUMENT, after)]


def test_equal_documents_have_no_breaking_change():
    assert [*breaking_changes(DOCUMENT, DOCUMENT)] == []


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (lambda document, post, schemas: document["paths"].clear(), ["POST /entries/ was removed"]),
        (
            lambda document, post, schemas: post["parameters"].clear(),
            ["parameter dry_run (query) was removed"],
        ),
        (
            lambda document, post, schemas: post["parameters"][0].update(required=True),
            ["parameter dry_run (query) is required"],
        ),
        (
            lambda document, post, schemas: post["requestBody"].update(required=True),
            ["a request body is required"],
        ),
        (lambda document, post, schemas: post["responses"].clear(), ["response 201 was removed"]),
        (
            lambda document, post, schemas: schemas["Entry"]["properties"].pop("memo"),
            ["request.memo was removed", "response 201.memo was removed"],
        ),
        (
            lambda document, post, schemas: schemas["Entry"]["required"].append("kind"),
            ["request.kind is required"],
        ),
        (
            lambda document, post, schemas: schemas["Entry"]["required"].clear(),
            ["response 201.memo may be absent"],
        ),
        (
            lambda document, post, schemas: schemas["Entry"]["properties"]["kind"]["enum"].remove("gift"),
            ["request.kind: gift is no longer accepted"],
        ),
        (
            lambda document, post, schemas: schemas["Entry"]["properties"]["kind"]["enum"].append("loan"),
            ["response 201.kind: loan is a new value"],
        ),
        (
            lambda document, post, schemas: schemas["Line"]["properties"]["amount"].update(type="number"),
            [
                "request.lines[].amount: type string became number",
                "response 201.lines[].amount: type string became number",
            ],
        ),
    ],
)
def test_a_breaking_change_is_reported(change, sentences):
    assert changed(change) == sentences


@pytest.mark.parametrize(
    "change",
    [
        lambda schemas: schemas["Entry"]["properties"].update(payee={"type": "string"}),
        lambda schemas: schemas["Line"].update(description="One side of an entry."),
    ],
)
def test_an_addition_breaks_nothing(change):
    assert changed(lambda document, post, schemas: change(schemas)) == []
