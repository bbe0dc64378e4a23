"""Field history of master data by django-simple-history, with the actor and reason of the current command.

Entries and lines have none, since they never change.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from simple_history import register
from simple_history.models import HistoricalRecords
from simple_history.signals import pre_create_historical_record

from apps.bus.envelope import current_envelope
from apps.kernel.actors import acting, impersonator
from apps.kernel.correlation import causation_id, correlation_id


class FieldHistory(models.Model):
    """The columns that every version of a row has in addition to its fields."""

    actor_name = models.CharField(max_length=200, blank=True)
    impersonator_name = models.CharField(max_length=200, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    causation_id = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        abstract = True
        default_permissions = ()


def field_history(**options: Any) -> HistoricalRecords:
    """`history = field_history()` on a model. Its migration must also make the table append-only, by
    `guards.append_only("app_historicalmodel")`. Options are those of HistoricalRecords."""
    return _records(**_columns(), **options)


def register_field_history(model: type[models.Model], *, app: str, **options: Any) -> None:
    """The same for a model of Django or of a library; the history is a table of `app`, a package."""
    register(model, app=app, records_class=_records, **_columns(), **options)


def _records(**options: Any) -> HistoricalRecords:
    """A save of excluded fields alone, such as the last sign-in, makes no version."""
    records = HistoricalRecords(**options)
    make_version, excluded = records.post_save, set(records.excluded_fields)

    def post_save(instance: Any, created: bool, using: str | None = None, **saved: Any) -> None:
        fields = saved.get("update_fields")
        if created or fields is None or not excluded.issuperset(fields):
            make_version(instance, created, using, **saved)

    records.post_save = post_save
    return records


def _columns() -> dict[str, Any]:
    return {
        "bases": [FieldHistory],
        "history_id_field": models.BigAutoField(primary_key=True),
        "history_user_id_field": models.BigIntegerField(null=True),
        "history_change_reason_field": models.TextField(null=True),
    }


def sign(sender: Any, history_instance: Any, **_: Any) -> None:
    """Sets the actor and reason of a version."""
    actor, envelope = acting(), current_envelope.get()
    history_instance.actor_name = str(actor) if actor else ""
    history_instance.impersonator_name = str(impersonator() or "")
    history_instance.history_user_id = actor.pk if actor else None
    history_instance.correlation_id = correlation_id() or ""
    history_instance.causation_id = causation_id() or ""
    if envelope and envelope.reason:
        history_instance.history_change_reason = envelope.reason


def connect() -> None:
    pre_create_historical_record.connect(sign, dispatch_uid="bursar.audit.sign")
