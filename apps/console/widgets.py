"""Forms whose fields have the widgets of the console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.core.validators import MaxLengthValidator
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

from apps.kernel.notation.form_fields import DayField, ExactJSONField
from apps.kernel.plain import TextForm
from apps.kernel.text import CharacterNotAllowed, one_line, several_lines, storable

from .derived_labels import label_of

MAX_LINE_LENGTH = 2_000
MAX_LINES_LENGTH = 10_000


class _NormalText:
    """A widget that reads a text in its normal form, so that a field without a visible character is empty."""

    form: TextForm = staticmethod(one_line)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = data.get(name)
        try:
            return self.form(value) if isinstance(value, str) else value
        except CharacterNotAllowed:
            return value  # refused by the field


class TextInput(_NormalText, UnfoldAdminTextInputWidget):
    pass


class EmailInput(_NormalText, UnfoldAdminEmailInputWidget):
    pass


class Textarea(_NormalText, UnfoldAdminTextareaWidget):
    form = staticmethod(several_lines)


class Form(forms.Form):
    """Replaces the widgets of Django's fields by those of Unfold, and limits texts."""

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
            if isinstance(field, forms.CharField) and not isinstance(field, ExactJSONField):
                _apply_text_rules(field)
            if field.label is None:
                field.label = label_of(name)


def _apply_widget(field: forms.Field) -> None:
    if isinstance(field.widget, forms.HiddenInput):
        return
    if isinstance(field, forms.FileField):
        field.widget.attrs["class"] = "console-input"
    elif isinstance(field, DayField):
        field.widget = UnfoldAdminDateWidget(attrs={"type": "date"}, format="%Y-%m-%d")
    elif isinstance(field, forms.EmailField):
        field.widget = EmailInput()
    elif isinstance(field, forms.MultipleChoiceField):
        field.widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=field.choices)
    elif isinstance(field, forms.ChoiceField):
        field.widget = UnfoldAdminSelectWidget(choices=cast(list[Any], field.choices))
    elif isinstance(field, forms.BooleanField):
        field.widget = UnfoldBooleanWidget()
    elif isinstance(field.widget, forms.PasswordInput):
        field.widget = UnfoldAdminPasswordWidget(attrs=field.widget.attrs)
    elif isinstance(field.widget, forms.Textarea):
        field.widget = Textarea(attrs={"rows": 3})
    else:
        field.widget = TextInput() if getattr(field, "strip", True) else UnfoldAdminTextInputWidget()
    field.widget.is_required = field.required


def _apply_text_rules(field: forms.CharField) -> None:
    """A text of any length would reach rules, log lines and the audit log; the API has the same limits."""
    is_verbatim = isinstance(field.widget, forms.PasswordInput) or not field.strip
    rule = must_be_storable if is_verbatim else characters_must_be_allowed
    if rule in field.validators:
        return
    field.validators.append(rule)
    if field.max_length is None:
        max_length = MAX_LINES_LENGTH if isinstance(field.widget, forms.Textarea) else MAX_LINE_LENGTH
        field.max_length = max_length
        field.validators.append(MaxLengthValidator(max_length))


def characters_must_be_allowed(value: Any, form: TextForm = several_lines) -> None:
    """The normal form is made by the widget, which cannot refuse."""
    try:
        form(str(value))
    except CharacterNotAllowed as refusal:
        raise forms.ValidationError(str(refusal), code="character_not_allowed") from None


def must_be_storable(value: Any) -> None:
    """Of passwords, which have no normal form."""
    characters_must_be_allowed(value, storable)


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
