"""The pages of accounts that need no sign-in. They have no session, so a visitor stores nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from apps.bus import dispatch
from apps.identity.allauth_internals import LoginView
from apps.identity.errors import AttemptsUnavailable, TooManyAttempts
from apps.identity.tokens.self_service import SelfService
from apps.kernel.errors import Refusal

from . import addresses, attempts, devices, password_links, tasks
from .commands import ConfirmAddressChange, ResetPassword
from .forms import AddressForm, NewPasswordForm

GONE = 410


class SignIn(LoginView):
    """The page of django-allauth. A refusal of the limits is shown above the form."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().post(request, *args, **kwargs)
        except (TooManyAttempts, AttemptsUnavailable) as refusal:
            form = self.form_class(initial={"login": request.POST.get("login", "")}, request=request)
            page = self.get_context_data(form=form, refusal=refusal)
            response = self.render_to_response(page, status=refusal.status)
            response["Retry-After"] = str(refusal.retry_after)
        return response


@method_decorator(never_cache, name="dispatch")
class RequestPasswordLink(View):
    """The same response for every address, known or not."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return TemplateResponse(request, "identity/request_password_link.html", {"form": AddressForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AddressForm(request.POST)
        if not form.is_valid():
            return TemplateResponse(request, "identity/request_password_link.html", {"form": form})
        if attempts.may_send_link(request, form.cleaned_data["email"]):
            tasks.send_password_link.delay(form.cleaned_data["email"])
        return redirect("account_reset_password_done")


def password_link_sent(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "identity/password_link_sent.html")


@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("new_password", "repeated_password"), name="dispatch")
class ChoosePassword(View):
    """Opened by a one-time link. The token stays in the address, of which other sites see only the host."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        user = password_links.user_of(token)
        return self._page(request, user, NewPasswordForm())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        user = password_links.user_of(token)
        form = NewPasswordForm(request.POST)
        if user is None or not form.is_valid():
            return self._page(request, user, form)
        command = ResetPassword(
            user_id=user.pk, epoch=user.epoch, new_password=form.cleaned_data["new_password"]
        )
        try:
            dispatch(command, actor=SelfService(user))
        except Refusal as refusal:
            form.add_error("new_password", str(refusal))
            return self._page(request, user, form, status=refusal.status)
        response = redirect("account_password_chosen")
        user.refresh_from_db()
        devices.remember(
            request, response, user
        )  # the link proves the mailbox; strangers may have used up the limit
        return response

    def _page(
        self, request: HttpRequest, user: Any, form: NewPasswordForm, *, status: int = 200
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            "identity/choose_password.html",
            {"form": form, "user_of_link": user},
            status=status if user else GONE,
            headers={"Referrer-Policy": "strict-origin"},
        )


def password_set(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "identity/password_set.html")


@method_decorator(never_cache, name="dispatch")
class ConfirmAddress(View):
    """Opening the link changes nothing, so that a scanner of e-mails confirms nothing; the button does."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, addresses.user_to_confirm(token))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        user = addresses.user_to_confirm(token)
        if user is None:
            return self._page(request, None)
        command = ConfirmAddressChange(user_id=user.pk, new_email=user.new_email)
        try:
            dispatch(command, actor=SelfService(user))
        except Refusal as refusal:
            return self._page(request, user, refusal)
        return TemplateResponse(request, "identity/address_confirmed.html", {"email": command.new_email})

    def _page(self, request: HttpRequest, user: Any, refusal: Refusal | None = None) -> HttpResponse:
        status = refusal.status if refusal else 200
        return TemplateResponse(
            request,
            "identity/confirm_address.html",
            {"user_of_link": user, "refusal": refusal},
            status=status if user else GONE,
            headers={"Referrer-Policy": "strict-origin"},
        )
