"""Base classes of models: BIGINT identities, and tracking of changed fields for the audit log."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.db import models

from .db.row_guard import row_must_be_of_tenant
from .plain import SECRET


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one row, before and after, as plain values."""

    object: str
    field: str
    before: Any
    after: Any


_collected: ContextVar[list[Change] | None] = ContextVar("changes", default=None)


@contextmanager
def collecting_changes() -> Iterator[list[Change]]:
    """Collects changes of `Tracked` rows inside the block, for the audit record."""
    collected: list[Change] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)


def record_change(change: Change) -> None:
    """Adds a change that bypasses `Tracked.save` to the audit record."""
    if (collected := _collected.get()) is not None:
        collected.append(change)


class Tracked(models.Model):
    """Remembers the loaded values, and records on save which of them changed.

    `hidden` names fields whose changes are recorded without their values.
    """

    hidden: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True
        default_permissions = ("view",)

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **later: Any
    ) -> Self:
        instance = super().from_db(db, field_names, values, **later)  # Django 6.1 adds fetch_mode
        instance.__dict__["_loaded"] = dict(zip(field_names, values, strict=False))
        return instance

    def save(self, *args: Any, **kwargs: Any) -> None:
        changes = list(self._changes(kwargs.get("update_fields")))
        super().save(*args, **kwargs)
        if (collected := _collected.get()) is not None:
            collected.extend(changes)
        self.__dict__["_loaded"] = {
            field.attname: getattr(self, field.attname) for field in self._meta.concrete_fields
        }

    # Django does not call the router for bulk writes and values of `update()`.

    def _prepare_related_fields_for_save(self, operation_name: str, fields: Any = None) -> None:
        row_must_be_of_tenant(self)
        super()._prepare_related_fields_for_save(operation_name, fields)  # type: ignore[misc]  # private

    def prepare_database_save(self, field: models.Field[Any, Any]) -> Any:
        row_must_be_of_tenant(self)
        return super().prepare_database_save(field)

    def change(self, **values: Any) -> None:
        """Sets these fields and saves them."""
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=[*values])

    def _changes(self, update_fields: Sequence[str] | None) -> Iterator[Change]:
        loaded = self.__dict__.get("_loaded")
        if loaded is None:
            return
        for field in self._meta.concrete_fields:
            if (
                update_fields is not None
                and field.name not in update_fields
                and field.attname not in update_fields
            ):
                continue
            before, after = loaded.get(field.attname), getattr(self, field.attname)
            if before != after:
                yield Change(self._name(), field.name, *(self._shown(field.name, v) for v in (before, after)))

    def _name(self) -> str:
        return f"{self._meta.label_lower}:{self.pk}"

    def _shown(self, field: str, value: Any) -> Any:
        if field in self.hidden:
            return SECRET
        return value if value is None or isinstance(value, bool | int) else str(value)
