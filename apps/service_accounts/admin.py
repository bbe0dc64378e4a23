"""Service accounts in both consoles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ReadOnlyAdmin, ReadOnlyInline, ServerFields
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form, ReasonForm
from apps.kernel.clock import today
from apps.kernel.notation.form_fields import DayField, WholeNumberField
from apps.kernel.tenant import current_tenant

from . import queries, rules
from .commands import CreateServiceAccount, RevokeServiceAccount, RotateServiceAccountToken
from .models import ServiceAccount, ServiceToken
from .module import MANAGE, VIEW


class TokenInline(ReadOnlyInline):
    model = ServiceToken
    fields = ("issued_at", "expires_at", "last_used_at", "state")
    readonly_fields = fields
    ordering = ("-id",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(VIEW))

    @admin.display(description=_("State"))
    def state(self, token: ServiceToken) -> str:
        return gettext("valid") if token.is_valid else gettext("ended")


@admin.register(ServiceAccount, site=tenant_site)
@admin.register(ServiceAccount, site=operator_site)
class ServiceAccountAdmin(ReadOnlyAdmin):
    """The accounts of programs, with the end and the use of their tokens."""

    unfiltered = "a tenant has few of them"
    empty_message = _("Accounts of programs that use the API appear here.")
    creating_page = "create_service_account"
    list_display = ("name", "purpose", "owner", "state", "ends", "last_used")
    list_select_related = ("owner",)
    search_fields = ("name", "purpose", "owner__name")
    ordering = ("name",)
    inlines = (TokenInline,)
    fields = ("name", "purpose", "owner", "all_scopes", ("created_at", "revoked_at"), "revoked_reason")
    readonly_fields = ("all_scopes",)

    @display(
        description=_("State"),
        label=Colours({_("Active"): "success", _("Expired"): "warning", _("Revoked"): "danger"}),
    )
    def state(self, account: ServiceAccount) -> str:
        if account.revoked_at:
            return gettext("Revoked")
        return gettext("Active") if account.tokens.valid().exists() else gettext("Expired")

    @admin.display(description=_("Token ends"))
    def ends(self, account: ServiceAccount) -> Any:
        token = queries.latest_token(account)
        return token.expires_at if token else None

    @admin.display(description=_("Last used"))
    def last_used(self, account: ServiceAccount) -> Any:
        return queries.last_used_at(account) or gettext("never")

    @admin.display(description=_("Scopes"))
    def all_scopes(self, account: ServiceAccount) -> str:
        return ", ".join(account.scopes)

    def links(self, request: HttpRequest, obj: ServiceAccount) -> Sequence[Link]:
        if obj.revoked_at or not request.user.has_perm(MANAGE):
            return ()
        return (
            Link(
                gettext("Rotate the token"),
                reverse("admin:rotate_service_account_token", args=[obj.pk]),
                "key",
            ),
            Link(gettext("Revoke"), reverse("admin:revoke_service_account", args=[obj.pk]), "block"),
        )


def _expiry() -> DayField:
    return DayField(label=_("Last day of the token"), help_text=_("At most a year from today."))


class NewAccountForm(Form):
    name = forms.CharField(max_length=80)
    purpose = forms.CharField(max_length=300)
    owner_id = forms.TypedChoiceField(
        label=_("Owner"), coerce=int, help_text=_("The person that answers for the program.")
    )
    expires_on = _expiry()
    scopes = forms.MultipleChoiceField(help_text=_("Permissions of yours that the program needs."))

    def __init__(self, *args: Any, granter: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer(
            "owner_id", [(user.pk, f"{user.name}, {user.email}") for user in queries.possible_owners()]
        )
        self.offer("scopes", [(scope, scope) for scope in queries.grantable(granter)])
        self.apply_widgets()
        self.initial.setdefault("owner_id", granter.pk)
        self.initial.setdefault("expires_on", today() + rules.DEFAULT_LIFE)


class RotationForm(Form):
    expires_on = _expiry()
    overlap_hours = WholeNumberField(
        label=_("Hours until former tokens end"), initial=24, min_value=0, max_value=rules.MAX_OVERLAP_HOURS
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("expires_on", today() + rules.DEFAULT_LIFE)


class TokenOncePage(CommandPage):
    """Shows the new token in the response, so that it is stored neither in a session nor in the audit log."""

    def done(self, request: HttpRequest, result: ServiceAccount) -> HttpResponseBase:
        site = tenant_site if current_tenant() else operator_site
        context = site.each_context(request) | {
            "title": gettext("The token"),
            "account": result,
            "token": result.new_token,
            "success_url": reverse("admin:service_accounts_serviceaccount_change", args=[result.pk]),
        }
        return TemplateResponse(request, "service_accounts/token_once.html", context)


class CreatePage(TokenOncePage):
    command, form = CreateServiceAccount, NewAccountForm

    def __call__(
        self, request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        return super().__call__(request, context=context, granter=request.user, **server_fields)

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return dict(server_fields)

    def build(self, form: forms.Form, server_fields: ServerFields) -> CreateServiceAccount:
        return CreateServiceAccount(**form.cleaned_data | {"scopes": tuple(form.cleaned_data["scopes"])})


class AccountPage(CommandPage):
    def facts(self, server_fields: ServerFields) -> Facts:
        accounts = ServiceAccount.objects.select_related("owner")
        account = get_object_or_404(accounts, pk=server_fields["service_account_id"])
        return (
            (gettext("Service account"), account.name),
            (gettext("Purpose"), account.purpose),
            (gettext("Owner"), str(account.owner)),
            (gettext("Scopes"), ", ".join(account.scopes)),
        )

    def success_url(self, result: ServiceAccount) -> str:
        return reverse("admin:service_accounts_serviceaccount_change", args=[result.pk])


class RotatePage(AccountPage, TokenOncePage):
    command, form = RotateServiceAccountToken, RotationForm


class RevokePage(AccountPage):
    command, form, danger = RevokeServiceAccount, ReasonForm, True

    def sentence(self, result: ServiceAccount) -> str:
        return gettext("{name} is revoked. Its tokens are invalid.").format(name=result.name)


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group=_("People"),
            title=_("Service accounts"),
            icon="smart_toy",
            url="admin:service_accounts_serviceaccount_changelist",
            permission=VIEW,
        ),
        hooks.Page(
            path="service-accounts/create/",
            name="create_service_account",
            title=_("Create service account"),
            permission=MANAGE,
            view=CreatePage(),
        ),
        hooks.Page(
            path="service-accounts/<int:service_account_id>/rotate-token/",
            name="rotate_service_account_token",
            title=_("Rotate service account token"),
            permission=MANAGE,
            view=RotatePage(),
        ),
        hooks.Page(
            path="service-accounts/<int:service_account_id>/revoke/",
            name="revoke_service_account",
            title=_("Revoke service account"),
            permission=MANAGE,
            view=RevokePage(),
        ),
    )
