"""Forms whose fields have the widgets of the console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from .derived_labels import label_of


class Form(forms.Form):
    """Replaces the widgets of Django's fields by those of Unfold."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.apply_widgets()

    def offer(self, name: str, choices: Iterable[tuple[Any, str]]) -> None:
        """Sets the choices of a field, which its declaration cannot know."""
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(f"{type(self).__name__}.{name} has no choices.")
        field.choices = list(choices)

    def apply_widgets(self) -> None:
        """Call again after adding fields."""
        for name, field in self.fields.items():
            _apply_widget(field)
            if field.label is None:
                field.label = label_of(name)


def _apply_widget(field: forms.Field) -> None:
    if isinstance(field.widget, forms.HiddenInput):
        return
    if isinstance(field, forms.FileField):
        field.widget.attrs["class"] = "console-input"
    elif isinstance(field, forms.DateField):
        field.widget = UnfoldAdminDateWidget(attrs={"type": "date"}, format="%Y-%m-%d")
    elif isinstance(field, forms.EmailField):
        field.widget = UnfoldAdminEmailInputWidget()
    elif isinstance(field, forms.MultipleChoiceField):
        field.widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=field.choices)
    elif isinstance(field, forms.ChoiceField):
        field.widget = UnfoldAdminSelectWidget(choices=cast(list[Any], field.choices))
    elif isinstance(field, forms.BooleanField):
        field.widget = UnfoldBooleanWidget()
    elif isinstance(field.widget, forms.PasswordInput):
        field.widget = UnfoldAdminPasswordWidget(attrs=field.widget.attrs)
    elif isinstance(field.widget, forms.Textarea):
        field.widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    else:
        field.widget = UnfoldAdminTextInputWidget()
    field.widget.is_required = field.required


def reason(max_length: int | None = None) -> forms.CharField:
    """The field for the reason of a command, which the audit log records."""
    return forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea,
        help_text=_("Recorded in the audit log."),
        max_length=max_length,
    )


class ReasonForm(Form):
    """The form of a command that needs nothing but a reason."""

    reason = reason()
