"""Columns with texts of machines and of other systems: messages of errors, responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from .text import sanitised

if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class MachineText(_TextField):
    """A text that is sanitised when it is stored: refusing it would lose the error that it describes. In migrations a
    TextField."""

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return sanitised(text) if isinstance(text, str) else text

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.TextField", [*args], {**options}
