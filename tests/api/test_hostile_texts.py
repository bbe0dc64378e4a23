"""Every text field of the API and of both consoles × twelve hostile texts, and what the database holds afterwards."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_args, get_type_hints
from urllib.parse import quote_plus
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.urls import resolve

from apps.identity.models import User
from apps.kernel.db.text_columns import bracket
from apps.kernel.plain import text_form
from apps.kernel.tenant import activate
from apps.kernel.text import INVISIBLE, REFUSED, storable
from tests.support.attack_surface import OPERATORS, TENANTS, addresses, body, form_of
from tests.support.tiers import Sample

BLANK = ("\u200b\u2060", " \xa0\u3164\n")
NOT_NORMAL = ("Zq\u200bq", "Zqe\u0301", "  Zq  q\ufeff ", "Zq\u202egnp.exe", "Zq\r\nq\u2028q")
NOT_ALLOWED = ("Zq\0q", "Zq\ud83dq", "\x1b[31mZq", "Zq\ue000")
HOSTILE = (*BLANK, *NOT_NORMAL, *NOT_ALLOWED, "Zq" * 6_000)
NO_CRAWL = (
    "/accounts/",
    "/api/v1/identity/tokens/",
    "/api/v1/identity/reauthenticate/",
    "/api/v1/identity/sessions/",
    "/api/v1/webhooks/in/",
    "/identity/sessions/",
    "/login/",
    "/logout/",
    "/address_change/",
    "/password_change/",
    "/support/enter/",
)
"""Addresses with a password, a token or a signature, and those that end the session of the crawl."""
FORM = "application/x-www-form-urlencoded"
ESCAPED_IN_JSON = r"[^\\]\\u00[01]"
"""A control character in JSON, as a regular expression of PostgreSQL."""
Path = tuple[str | int, ...]


@pytest.fixture(scope="session")
def template(two_at_work: str) -> str:
    return two_at_work


@pytest.mark.physical_copy
@pytest.mark.exhaustive("every text field × twelve texts", inside=True)
@pytest.mark.parametrize("plane", ["tenant", "operator"])
def test_no_hostile_text_breaks_an_entry_point_or_is_stored(
    sample, at_work, client_for, globex, operator, plane
):
    with activate(globex):
        owner = User.objects.get(email="owner@globex.example")
    client, prefix, urlconf = (
        (client_for(owner, globex), "/t/globex", TENANTS)
        if plane == "tenant"
        else (client_for(operator, None), "", OPERATORS)
    )
    crawled = [address for address in addresses(urlconf) if not any(part in address for part in NO_CRAWL)]

    wrong = [
        *_faults_of_the_api(sample, client, prefix, urlconf, crawled),
        *_faults_of_the_console(sample, client, prefix, crawled),
    ]

    assert wrong == []
    assert client.get(f"{prefix}/api/v1/identity/me/").status_code == 200, "the crawl has lost its session"
    assert _stored(["public", globex.schema]) == []


def _faults_of_the_api(
    sample: Sample, client: Client, prefix: str, urlconf: str, crawled: list[str]
) -> Iterator[str]:
    points = [
        (address, path, number)
        for address in crawled
        if address.startswith("/api/")
        for path in _text_paths(_command(address, urlconf), body(address, urlconf))
        for number in range(len(HOSTILE))
    ]
    assert len(points) > 500
    for address, path, number in sample.of(points, 24):
        text = HOSTILE[number]
        payload = json.dumps(_replaced(body(address, urlconf), path, text))
        key = {"Idempotency-Key": uuid4().hex}
        response = client.post(prefix + address, payload, content_type="application/json", headers=key)
        must_be_refused = text in NOT_ALLOWED or (
            text in BLANK and _is_required(_command(address, urlconf), path)
        )
        if response.status_code >= 500 and response.status_code != 503:
            yield f"{address} {path} {text[:20]!a} breaks: {response.content[:300]!r}"
        elif must_be_refused and response.status_code < 400:
            yield f"{address} {path} {text[:20]!a} is accepted"


def _faults_of_the_console(sample: Sample, client: Client, prefix: str, crawled: list[str]) -> Iterator[str]:
    pages = [address for address in crawled if not address.startswith("/api/")]
    for address in sample.of(pages, 6):
        form = form_of(client, prefix + address)
        points = [(name, text) for name in form.texts for text in HOSTILE]
        for name, text in sample.of(points, 2) if points and sample.is_small else points:
            changed = {**form.values, name: [text], "idempotency_key": [uuid4().hex]}
            response = client.post(prefix + address, _encoded(changed), content_type=FORM)
            if response.status_code >= 500 and response.status_code != 503:
                yield f"{address} {name} {text[:20]!a} breaks ({response.status_code})"


def _encoded(form: dict[str, list[str]]) -> str:
    """A lone surrogate as the three bytes that a broken client sends."""
    return "&".join(
        f"{quote_plus(name)}={quote_plus(value.encode(errors='surrogatepass'))}"
        for name, values in form.items()
        for value in values
    )


def _command(address: str, urlconf: str) -> Any:
    return getattr(getattr(resolve(address, urlconf).func, "cls", None), "command", None)


def _text_paths(shape: Any, values: Any, before: Path = ()) -> Iterator[Path]:
    """Where a body has texts of people: strings that the command's fields do not declare verbatim."""
    if shape is None:
        return
    hints = get_type_hints(shape)
    for declared in fields(shape):
        value = values.get(declared.name)
        if text_form(declared) in (None, storable):
            continue
        path = (*before, declared.name)
        inner = next(
            (argument for argument in get_args(hints[declared.name]) if is_dataclass(argument)), None
        )
        if isinstance(value, str) and hints[declared.name] in (str, str | None):
            yield path
        elif isinstance(value, list) and value and inner is not None:
            yield from _text_paths(inner, value[0], (*path, 0))
        elif isinstance(value, list) and value and isinstance(value[0], str):
            yield (*path, 0)


def _is_required(shape: Any, path: Path) -> bool:
    declared = {field.name: field for field in fields(shape)}[str(path[0])]
    return len(path) == 1 and declared.default is MISSING and declared.default_factory is MISSING


def _replaced(values: Any, path: Path, text: str) -> Any:
    changed = copy.deepcopy(values)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = text
    return changed


def _stored(schemas: list[str]) -> list[str]:
    """Rows that hold an invisible or refused character, or a text that is not composed."""
    characters = f"[{bracket(REFUSED, INVISIBLE)}]|{ESCAPED_IN_JSON}"
    wrong = []
    with activate(None), connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT table_schema, table_name, string_agg(format('%%I::text', column_name), ', ')"
            " FROM information_schema.columns JOIN pg_tables"
            " ON schemaname = table_schema AND tablename = table_name"
            " WHERE table_schema = ANY(%s) AND table_name <> 'tenancy_blueprint'"  # the constraints themselves
            " AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'ARRAY') GROUP BY 1, 2",
            [schemas],
        )
        for schema, table, columns in cursor.fetchall():
            cursor.execute(
                f"""SELECT stored FROM (SELECT concat_ws(' ', {columns}) AS stored FROM "{schema}"."{table}")"""
                f""" WHERE stored ~ '{characters}' OR stored IS NOT NFC NORMALIZED LIMIT 1"""
            )
            wrong += [f"{schema}.{table}: {ascii(stored)[:400]}" for (stored,) in cursor.fetchall()]
    return wrong


def test_the_search_finds_what_must_not_be_stored(at_work, globex):
    with activate(globex):
        user = User.objects.get(email="owner@globex.example")
    with activate(None), connections["owner"].cursor() as cursor:
        cursor.execute(
            f"""UPDATE "{globex.schema}".identity_user SET password = %s WHERE id = %s""",
            ["a\u200b", user.pk],
        )

    assert any("identity_user" in row for row in _stored([globex.schema]))
