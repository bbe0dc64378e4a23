"""Extension point: an app declares the models to which files can be attached.

attachable("sales.Invoice", title=_("invoice"))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Model
from django.utils.functional import Promise


@dataclass(frozen=True)
class SubjectType:
    """A model to whose rows files can be attached. `name` is "sales.invoice"."""

    name: str
    title: str | Promise

    @property
    def view_permission(self) -> str:
        """Without it, attachments of the rows cannot be seen or added."""
        app, model = self.name.split(".")
        return f"{app}.view_{model}"

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.name)


_types: dict[str, SubjectType] = {}


def attachable(model: str, *, title: str | Promise) -> None:
    """Call once for a model ("sales.Invoice"), in the app that owns it."""
    name = model.lower()
    if name in _types:
        raise TypeError(f"Files can be attached to {model} already.")
    _types[name] = SubjectType(name, title)


def subject_types() -> Mapping[str, SubjectType]:
    return _types
