"""Forms of the pages of accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class AddressForm(forms.Form):
    email = forms.EmailField()


class NewPasswordForm(forms.Form):
    """A new password, twice. The command validates it."""

    new_password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeated_password = forms.CharField(
        label=_("New password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("new_password") != values.get("repeated_password"):
            self.add_error("repeated_password", gettext("The two passwords differ."))
        return values
