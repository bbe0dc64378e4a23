"""Ids of content types and permissions, equal in the schema `public`, the template and the schema of every tenant.

Django keeps them in caches of the whole process, so an id that meant another model in another tenant would be a
leak. The ids are in `numbering.json`, which is committed and only grows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db import connections, models
from django.db.models.options import Options
from django.db.models.signals import post_migrate
from psycopg import sql

FILE = Path(__file__).with_name("numbering.json")
Numbering = dict[str, dict[str, int]]
Rows = Sequence[tuple[Any, ...]]


def disable_django_numbering() -> None:
    """Before a migration: Django would number rows in order of creation. Called when all apps are ready, since
    `django.contrib.auth` may be ready after this app."""
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(
        create_permissions, dispatch_uid="django.contrib.auth.management.create_permissions"
    )


def committed() -> Numbering:
    """{"content_types": {"ledger.entry": 12, …}, "permissions": {"ledger.post_entry": 40, …}}"""
    if not FILE.exists():
        return {"content_types": {}, "permissions": {}}
    numbering: Numbering = json.loads(FILE.read_text())
    return numbering


def completed() -> Numbering:
    """The committed numbers, and the next free ones for new names. A number is never reused."""
    numbering = committed()
    for kind, names in (("content_types", _model_names()), ("permissions", _permission_names())):
        known = numbering[kind]
        for name in names:
            known.setdefault(name, max(known.values(), default=0) + 1)
    return numbering


def write() -> None:
    FILE.write_text(json.dumps(completed(), indent=1) + "\n")


def apply(*, using: str) -> None:
    """Bring the current schema's two tables in line with the committed numbering."""
    content_types, permissions = rows()
    with connections[using].cursor() as cursor:
        cursor.execute(_CONTENT_TYPES, _columns(content_types))
        cursor.execute(_PERMISSIONS, _columns(permissions))


def copy(schema: str, *, using: str) -> None:
    """Like `apply`, by copying from a numbered schema of the same database, which is faster for many schemas."""
    there = sql.Identifier(schema)
    with connections[using].cursor() as cursor:
        cursor.execute(sql.SQL(_COPIES).format(there, there))


@cache
def rows() -> tuple[Rows, Rows]:
    """(id, app, model) of every content type, and (id, content type, code name, name) of every permission."""
    numbering = committed()
    if numbering != completed():
        raise RuntimeError("New models or permissions have no ids yet: run `manage.py number_ids`.")
    content_types = [(number, *name.split(".")) for name, number in numbering["content_types"].items()]
    permissions = [
        (
            numbering["permissions"][f"{options.app_label}.{codename}"],
            numbering["content_types"][options.label_lower],
            codename,
            name,
        )
        for options, codename, name in _permissions()
    ]
    return content_types, permissions


_CONTENT_TYPES = """
INSERT INTO django_content_type (id, app_label, model)
SELECT * FROM unnest(%s::int[], %s::text[], %s::text[]) ON CONFLICT (id) DO NOTHING
"""
_PERMISSIONS = """
INSERT INTO auth_permission AS known (id, content_type_id, codename, name)
SELECT * FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[])
ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE known.name <> excluded.name
"""
_COPIES = """
INSERT INTO django_content_type SELECT * FROM {}.django_content_type ON CONFLICT (id) DO NOTHING;
INSERT INTO auth_permission AS known SELECT * FROM {}.auth_permission
ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE known.name <> excluded.name
"""


def _columns(rows: Rows) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _models() -> Iterator[Options[models.Model]]:
    for model in sorted(
        apps.get_models(include_auto_created=False), key=lambda model: model._meta.label_lower
    ):
        yield model._meta


def _model_names() -> Iterator[str]:
    return (options.label_lower for options in _models())


def _permissions() -> Iterator[tuple[Options[models.Model], str, str]]:
    for options in _models():
        for action in options.default_permissions:
            yield options, f"{action}_{options.model_name}", f"Can {action} {options.verbose_name_raw}"
        for codename, name in options.permissions:
            yield options, codename, str(name)


def _permission_names() -> Iterator[str]:
    return (f"{options.app_label}.{codename}" for options, codename, _ in _permissions())
