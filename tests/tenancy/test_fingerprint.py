"""The fingerprint of a schema: the same for the same migrations, by every way to read it."""

from __future__ import annotations

import hashlib

import pytest
from django.db import connections

from apps.kernel.tenant import activate
from apps.tenancy import fingerprint
from apps.tenancy.models import Tenant

MIGRATIONS = [
    ("Zebra", "0001_initial"),
    ("apple", "0001_initial"),
    ("a_b", "0001"),
    ("ab", "0001_b"),
    ("ab", "0001_B"),
]


@pytest.fixture
def owner(db):
    with activate(None), connections["owner"].cursor() as cursor:
        yield cursor


def make_schema(cursor, name: str, migrations=MIGRATIONS) -> None:
    cursor.execute(f"CREATE SCHEMA {name}")
    cursor.execute(f"CREATE TABLE {name}.django_migrations (id int, app text, name text)")
    cursor.executemany(f"INSERT INTO {name}.django_migrations (app, name) VALUES (%s, %s)", migrations)


def digest(migrations) -> str:
    """In the order of bytes, which no collation changes."""
    text = ",".join(f"{app}.{name}" for app, name in sorted(migrations))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.physical_copy
def test_a_fingerprint_is_a_digest_of_the_migrations_in_the_order_of_bytes(owner):
    make_schema(owner, "one")
    make_schema(owner, "reverse", MIGRATIONS[::-1])
    make_schema(owner, "fewer", MIGRATIONS[1:])

    fingerprints = fingerprint.of_schemas(owner, ["one", "reverse", "fewer", "missing"])

    assert fingerprints == {
        "one": digest(MIGRATIONS),
        "reverse": digest(MIGRATIONS),
        "fewer": digest(MIGRATIONS[1:]),
    }


@pytest.mark.physical_copy
def test_a_schema_without_migrations_has_an_empty_fingerprint(owner):
    make_schema(owner, "empty", [])

    assert fingerprint.of_schemas(owner, ["empty"]) == {"empty": ""}


def test_a_fingerprint_is_the_same_by_each_way_to_read_it(acme, owner):
    stored = Tenant.objects.get(slug="acme").fingerprint

    by_name = fingerprint.of_schemas(owner, [acme.schema])[acme.schema]
    with activate(acme), connections["default"].cursor() as cursor:
        current = fingerprint.of_current_schema(cursor)

    assert stored == by_name == current


def test_a_fingerprint_of_more_schemas_than_a_query_reads_is_complete(acme, globex, owner, monkeypatch):
    monkeypatch.setattr(fingerprint, "SCHEMAS_PER_QUERY", 1)

    assert fingerprint.of_schemas(owner, [acme.schema, globex.schema]).keys() == {acme.schema, globex.schema}
