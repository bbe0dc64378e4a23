"""Pages of both consoles about the user's own account."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command, Outcome, dispatch, dispatch_once
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.console.widgets import Form
from apps.identity.models import User
from apps.identity.sessions import browser
from apps.identity.tokens.self_service import SelfService

from . import attempts, devices
from .commands import ChangePassword, RequestAddressChange, WithdrawAddressChange
from .forms import NewPasswordForm


def current_password() -> forms.CharField:
    return forms.CharField(
        label=_("Current password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class OwnCommandPage(CommandPage):
    """Asks for the current password, with limited attempts. The user of the command is the signed-in one."""

    def __call__(
        self, request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        return super().__call__(request, context=context, user_id=request.user.pk, **server_fields)

    def send(self, request: HttpRequest, command: Command, key: str) -> Outcome:
        """Without the key: no fingerprint has passwords, so another password under it would count as a repetition."""
        user = cast(User, request.user)
        with attempts.password_attempt(request, user.email):
            result = dispatch(command, actor=SelfService(user))
        return Outcome(result, None, repeated=False)


class ChangePasswordForm(NewPasswordForm, Form):
    current_password = current_password()
    field_order = ("current_password", "new_password", "repeated_password")


class ChangePasswordPage(OwnCommandPage):
    command, form = ChangePassword, ChangePasswordForm

    def __call__(
        self, request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        staying = browser.session_id_of(request)
        return super().__call__(request, context=context, staying_session_id=staying, **server_fields)

    def build(self, form: forms.Form, server_fields: ServerFields) -> ChangePassword:
        values = form.cleaned_data
        return ChangePassword(
            **server_fields,
            current_password=values["current_password"],
            new_password=values["new_password"],
        )

    def done(self, request: HttpRequest, result: User) -> HttpResponseBase:
        """This browser stays signed in and known."""
        update_session_auth_hash(request, result)
        messages.success(request, gettext("Your password is changed."))
        response = redirect("admin:index")
        devices.remember(request, response, result)
        return response


class ChangeAddressForm(Form):
    current_password = current_password()
    new_email = forms.EmailField(label=_("New e-mail address"))


class ChangeAddressPage(OwnCommandPage):
    command, form = RequestAddressChange, ChangeAddressForm

    def facts(self, server_fields: ServerFields) -> Facts:
        user = User.objects.get(pk=server_fields["user_id"])
        present = (gettext("Present address"), user.email)
        return (present, (gettext("Requested address"), user.new_email)) if user.new_email else (present,)

    def sentence(self, result: User) -> str:
        return gettext("Open the link that was sent to {email}: then the address takes effect.").format(
            email=result.new_email
        )


class WithdrawAddressChangePage(CommandPage):
    """Needs no password: it takes back what a stranger may have requested."""

    command = WithdrawAddressChange

    def __call__(
        self, request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        user = cast(User, request.user)
        return super().__call__(request, context=context, user_id=user.pk, new_email=user.new_email)

    def send(self, request: HttpRequest, command: Command, key: str) -> Outcome:
        return dispatch_once(command, actor=SelfService(cast(User, request.user)), key=key)

    def facts(self, server_fields: ServerFields) -> Facts:
        return ((gettext("Requested address"), server_fields["new_email"] or gettext("none")),)

    def sentence(self, result: User) -> str:
        return gettext("Your e-mail address stays {email}.").format(email=result.email)


hooks.plug_own(
    hooks.OwnPage(
        path="password_change/",
        name="password_change",
        title=_("Change password"),
        view=ChangePasswordPage(),
    ),
    hooks.OwnPage(
        path="address_change/",
        name="address_change",
        title=_("Change e-mail address"),
        view=ChangeAddressPage(),
    ),
    hooks.OwnPage(
        path="address_change/withdraw/",
        name="withdraw_address_change",
        title=_("Withdraw change of e-mail address"),
        view=WithdrawAddressChangePage(),
        when=lambda user: bool(user.new_email),
    ),
)
