"""Edits: commands that change values of an existing thing, sent with the version that the sender has seen.

A version is a hash of the values that a command edits. The middleware compares it in the transaction of the command,
on the locked row, so the second of two edits of one version is refused instead of undoing the first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, models

from apps.kernel.db.locks import Lock
from apps.kernel.tenant import current_tenant

from .commands import Command

M = TypeVar("M", bound=models.Model)
Values = Mapping[str, Any]
"""The edited values by name, in JSON."""
VERSION_LENGTH = 32
EDIT = Lock("edit|{tenant}|{command}|{key}")


@dataclass(frozen=True)
class Edits:
    """What a command edits.

    key     the field of the command that identifies the edited thing
    values  its present values; None if it does not exist. With `lock`, it is locked until the end of the transaction
    """

    key: str
    values: Callable[[Any, bool], Values | None]


def version_of(values: Values) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:VERSION_LENGTH]


def locked_values(command: Command, edits: Edits) -> Values | None:
    """The present values, which no other edit changes before the transaction ends, even if no row exists yet."""
    key, tenant = getattr(command, edits.key), current_tenant()
    lock = EDIT.key(tenant=tenant.id if tenant else "", command=command.command_name(), key=key)
    with connection.cursor() as cursor:
        lock.hold(cursor)
    return edits.values(key, True)


def edits_columns(model: type[models.Model], key: str, *columns: str) -> Edits:
    """Of a command that edits columns of a row, whose id is in the field `key`."""

    def values(pk: Any, lock: bool) -> Values | None:
        return rows(model, lock).filter(pk=pk).values(*columns).first()

    return Edits(key, values)


def rows(model: type[M], lock: bool) -> models.QuerySet[M]:
    """The rows of the model; locked when they are read with `lock`."""
    queryset = model._default_manager.all()
    return queryset.select_for_update(no_key=True, of=("self",)) if lock else queryset


def changes_in(command: Command, *names: str) -> dict[str, Any]:
    """The fields of an edit that it changes: those that are not None."""
    values = {name: getattr(command, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}
