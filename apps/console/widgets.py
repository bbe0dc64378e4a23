"""Form fields in the console's look."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)


class Form(forms.Form):
    """Unfold's widgets for Django's fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress()

    def dress(self) -> None:
        """Once more where fields were added meanwhile."""
        for field in self.fields.values():
            _dress(field)


def _dress(field: forms.Field) -> None:
    if isinstance(field, forms.DateField):
        field.widget = UnfoldAdminDateWidget(attrs={"type": "date"}, format="%Y-%m-%d")
    elif isinstance(field, forms.EmailField):
        field.widget = UnfoldAdminEmailInputWidget()
    elif isinstance(field, forms.MultipleChoiceField):
        field.widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=field.choices)
    elif isinstance(field, forms.ChoiceField):
        field.widget = UnfoldAdminSelectWidget(choices=field.choices)
    elif isinstance(field, forms.BooleanField):
        field.widget = UnfoldBooleanWidget()
    elif isinstance(field.widget, forms.Textarea):
        field.widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    else:
        field.widget = UnfoldAdminTextInputWidget()
    field.widget.is_required = field.required


def reason() -> forms.CharField:
    """Why; it is kept in the audit log."""
    return forms.CharField(
        label="Reason", widget=forms.Textarea, help_text="Kept in the audit log, for whoever asks later."
    )
