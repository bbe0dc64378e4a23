"""Labels that Django and the bus derive from names of the code, in the reader's language.

A field `posted_on` has the label "posted on", a command `PostEntry` the button "Post entry". `manage.py makemessages`
collects these texts from here, since no source file contains them.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.apps import AppConfig, apps
from django.db.models import Field, Model
from django.forms import Form
from django.forms.utils import pretty_name
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from apps.bus.registry import commands
from apps.sagas.declaration import SAGAS

OWN = "apps."


def translate_labels() -> None:
    """Makes the labels of apps, models and fields lazy. Labels that the code gives are lazy already."""
    for app in _apps():
        app.verbose_name = _lazy(app.verbose_name)
    for model in _models():
        for label in ("verbose_name", "verbose_name_plural"):
            if label not in model._meta.original_attrs:
                setattr(model._meta, label, gettext_lazy(str(getattr(model._meta, label))))
        for field in _fields(model):
            field.verbose_name = _lazy(field.verbose_name)


def label_of(name: str) -> Any:
    """The label of a field of a form that has none."""
    return gettext_lazy(pretty_name(name))


def derived_texts() -> Iterator[str]:
    """The English texts of all derived labels."""
    for app in _apps():
        yield str(app.verbose_name)
    for model in _models():
        yield from _texts_of(model)
    for command in commands():
        yield from (command.english_title(), command.english_help_text())
    for form in _forms(Form):
        yield from (pretty_name(name) for name, field in form.base_fields.items() if field.label is None)
    for saga in SAGAS.values():
        yield from (step.name for step in saga.all_steps)
    yield from (status.phrase for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST)


def _texts_of(model: type[Model]) -> Iterator[str]:
    yield from (str(model._meta.verbose_name), str(model._meta.verbose_name_plural))
    yield from (str(field.verbose_name) for field in _fields(model))


def _lazy(label: str | Promise | None) -> Any:
    return label if isinstance(label, Promise) else gettext_lazy(str(label))


def _apps() -> list[AppConfig]:
    return [app for app in apps.get_app_configs() if app.name.startswith(OWN)]


def _models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith(OWN)]


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.get_fields() if isinstance(field, Field)]


def _forms(form: type[Form]) -> Iterator[type[Form]]:
    for below in form.__subclasses__():
        if below.__module__.startswith(OWN):
            yield below
        yield from _forms(below)
