"""Columns of secrets that `secrets` encrypts, and their encryption under the newest key.

A model with a SealedField has a property `context`, the context of the encryption.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Count, F, Func, QuerySet, Value

from . import secrets
from .keys_in_use import key_use

BATCH_SIZE = 500
if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class SealedField(_TextField):
    """An encrypted secret, or empty. In migrations a TextField."""

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.TextField", [*args], {**options}


@key_use("FIELD_KEYS", "secrets")
def secrets_by_key() -> Counter[str]:
    """Of the current tenant, by key id."""
    counts: Counter[str] = Counter()
    for model, field in sealed_columns():
        key_id = Func(F(field), Value(":"), Value(1), function="split_part", output_field=models.TextField())
        rows = model._default_manager.exclude(**{field: ""}).order_by()
        counts.update(dict(rows.values_list(key_id).annotate(Count("pk"))))
    return counts


def reseal(rows: QuerySet[Any], field: str = "sealed") -> int:
    """Encrypts secrets of other keys under the newest, at most BATCH_SIZE. Returns their number.

    Raises SecretUnreadable for a secret whose key is missing.
    """
    others = rows.exclude(**{field: ""}).exclude(**{f"{field}__startswith": f"{secrets.newest_key_id()}:"})
    batch = others.select_for_update(of=("self",)).order_by("pk")[:BATCH_SIZE]
    for row in batch:
        setattr(row, field, secrets.resealed(getattr(row, field), row.context))
        row.save(update_fields=[field])
    return len(batch)


def sealed_columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, SealedField):
                yield model, field.name
