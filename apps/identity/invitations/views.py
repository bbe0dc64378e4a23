"""The page of an invited person: who invites, the choice of a password, and the way to sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from apps.bus import dispatch
from apps.identity.accounts import devices
from apps.identity.accounts.forms import NewPasswordForm
from apps.identity.commands import AcceptInvitation
from apps.kernel.errors import Refusal
from apps.kernel.tenant import current_tenant

from .errors import InvitationLinkInvalid
from .models import Invitation

GONE = 410


@dataclass(frozen=True)
class Invitee:
    """The actor of an acceptance: the holder of the token, which proves the mailbox, before there is a user."""

    email: str
    pk: None = None

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return True

    def __str__(self) -> str:
        return self.email


@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("new_password", "repeated_password"), name="dispatch")
class Accept(View):
    """Opening the link changes nothing, so that a scanner of e-mails accepts nothing; the button does."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return _page(request, Invitation.objects.with_token(token).first(), NewPasswordForm())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = Invitation.objects.with_token(token).first()
        form = NewPasswordForm(request.POST)
        if invitation is None or not form.is_valid():
            return _page(request, invitation, form)
        command = AcceptInvitation(token=token, password=form.cleaned_data["new_password"])
        try:
            user = dispatch(command, actor=Invitee(invitation.email))
        except InvitationLinkInvalid:
            return _page(request, None, form)
        except Refusal as refusal:
            form.add_error("new_password", str(refusal))
            return _page(request, invitation, form, status=refusal.status)
        response = redirect("account_invitation_accepted")
        devices.remember(request, response, user)
        return response


def accepted(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "identity/invitation_accepted.html", {"organisation": _organisation()})


def _page(
    request: HttpRequest, invitation: Invitation | None, form: NewPasswordForm, *, status: int = 200
) -> HttpResponse:
    return TemplateResponse(
        request,
        "identity/invitation.html",
        {"invitation": invitation, "form": form, "organisation": _organisation()},
        status=status if invitation else GONE,
        headers={"Referrer-Policy": "strict-origin"},
    )


def _organisation() -> str:
    tenant = current_tenant()
    return tenant.name if tenant else gettext("the Bursar platform")
