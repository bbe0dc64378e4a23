"""Results in stored form: a reference to a row, or the value itself."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models

from apps.bus.errors import ResultGone
from apps.kernel.db import databases


def stored(result: Any) -> dict[str, Any]:
    if not isinstance(result, models.Model):
        return {"value": result}
    key = databases.key_of(result)
    return {"model": result._meta.label, "pk": result.pk, **({"database": key} if key else {})}


def restored(result: dict[str, Any]) -> Any:
    """Raises ResultGone if the row was deleted."""
    if "model" not in result:
        return result["value"]
    rows = apps.get_model(result["model"])._base_manager.all()
    if "database" in result:
        rows = rows.using(databases.runtime(result["database"]))
    row = rows.filter(pk=result["pk"]).first()
    if row is None:
        raise ResultGone(what=result["model"], pk=result["pk"])
    return row
