"""Support access in the consoles: operators open and end sessions, the tenant reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form, ReasonForm, reason
from apps.identity.models import User
from apps.kernel.db.tenant_transaction import within
from apps.kernel.errors import Refusal, Together
from apps.kernel.notation.shown import shown_instant
from apps.kernel.tenant import TenantInfo
from apps.tenancy import directory

from . import queries, rules
from .commands import IMPERSONATE, EndImpersonation, EnterAsSupport
from .models import MAX_SESSION_DURATION, Impersonation, SupportSession
from .views import link

VIEW, VIEW_SUPPORT_SESSIONS = "impersonation.view_impersonation", "impersonation.view_supportsession"
STATES = Colours({_("Open"): "danger", _("Ticket issued"): "warning", _("Over"): "info"})


@admin.register(Impersonation, site=operator_site)
class ImpersonationAdmin(ReadOnlyAdmin):
    """The impersonations of all tenants: operator, user, tenant and reason."""

    created_by = "support, from the page of a tenant"
    empty_message = _("Sessions in which operators enter a tenant as one of its users appear here.")
    list_display = ("requested_at", "operator_name", "tenant_name", "user_name", "reason", "state", "actions")
    list_filter = ("end_reason", "requested_at")
    lookups = ("ended_at__isnull", "entered_at__isnull")
    search_fields = ("operator_name", "tenant_name", "user_name", "reason")
    ordering = ("-id",)
    fields = (
        ("operator_name", "tenant_name", "user_name"),
        "reason",
        ("state", "ending", "actions"),
        ("requested_at", "entered_at", "ends_at", "ended_at"),
    )
    readonly_fields = ("state", "ending")

    @display(description=_("State"), label=STATES)
    def state(self, impersonation: Impersonation) -> str:
        if impersonation.ended_at or impersonation.overdue_reason():
            return gettext("Over")
        return gettext("Open") if impersonation.entered_at else gettext("Ticket issued")

    @admin.display(description=_("End reason"))
    def ending(self, impersonation: Impersonation) -> str:
        return impersonation.ending or "—"

    def links(self, request: HttpRequest, obj: Impersonation) -> Sequence[Link]:
        if obj.ended_at or not request.user.has_perm(IMPERSONATE):
            return ()
        return (Link(gettext("End session"), reverse("admin:end_impersonation", args=[obj.pk]), "logout"),)


@admin.register(SupportSession, site=tenant_site)
class SupportSessionAdmin(ReadOnlyAdmin):
    """The support sessions in this tenant: operator, user, reason and number of actions."""

    created_by = "support, from the page of a tenant"
    empty_message = _("Sessions in which support enters as one of your users appear here.")
    list_display = ("entered_at", "operator", "user_name", "reason", "state", "over_at", "actions")
    list_filter = ("entered_at",)
    search_fields = ("operator", "user_name", "reason")
    ordering = ("-id",)
    fields = (
        ("operator", "user_name"),
        "reason",
        ("entered_at", "ends_at", "ended_at"),
        ("ending", "actions"),
    )
    readonly_fields = ("ending",)

    @display(description=_("State"), label=STATES)
    def state(self, support_session: SupportSession) -> str:
        return gettext("Over") if support_session.is_over else gettext("Open")

    @admin.display(description=_("Left at"))
    def over_at(self, support_session: SupportSession) -> str:
        return shown_instant(support_session.ended_at) if support_session.ended_at else ""

    @admin.display(description=_("End reason"))
    def ending(self, support_session: SupportSession) -> str:
        return support_session.ending or "—"

    def links(self, request: HttpRequest, obj: SupportSession) -> Sequence[Link]:
        if not request.user.has_perm("audit.view_record"):
            return ()
        audit_log = reverse("admin:audit_record_changelist")
        query = urlencode(queries.audit_log_of(obj.support))
        return (Link(gettext("Actions"), f"{audit_log}?{query}", "checklist"),)


class EnterAsSupportForm(Form):
    user_id = forms.TypedChoiceField(label=_("Enter as"), coerce=int)
    reason = reason()

    def __init__(self, *args: Any, active_users: Sequence[User], **options: Any) -> None:
        super().__init__(*args, **options)
        users = [(user.pk, f"{user.name} ({_roles(user)}), {user.email}") for user in active_users]
        self.offer("user_id", users)
        self.fields["reason"].help_text = gettext("The tenant reads it.")


class EnterAsSupportPage(CommandPage):
    """Redirects to the tenant at once, as the ticket is valid for a minute."""

    command = EnterAsSupport
    form = EnterAsSupportForm
    danger = True
    previews = True

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        with within(_tenant(server_fields)):
            return {"active_users": queries.active_users()}

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        return (
            (gettext("Tenant"), _tenant(server_fields).name),
            (
                gettext("Limit"),
                gettext("{minutes} minutes, one session at a time").format(
                    minutes=MAX_SESSION_DURATION.seconds // 60
                ),
            ),
            (
                gettext("Visible to the tenant"),
                gettext("your name beside the user's, in every record of the audit log and of the history"),
            ),
            (gettext("Not permitted"), gettext("passwords, roles, invitations, tokens and other keys")),
        )

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = _tenant(server_fields)
        with within(tenant):
            user = User.objects.get(pk=form.cleaned_data["user_id"])
            manages, permissions = user.has_perm(rules.MANAGE_USERS_PERMISSION), user.get_all_permissions()
            roles = _roles(user)
        return (
            (gettext("Impersonated user"), gettext("{user} at {tenant}").format(user=user, tenant=tenant)),
            (
                gettext("Role"),
                gettext("{roles}, with {count} permissions").format(roles=roles, count=len(permissions)),
            ),
            (
                gettext("Required permission"),
                f"{rules.IMPERSONATE_MANAGERS_PERMISSION if manages else IMPERSONATE}",
            ),
            (gettext("Reason, visible to the tenant"), form.cleaned_data["reason"]),
        )

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        tenant, checks = _tenant(server_fields), Together()
        checks.check(rules.tenant_must_let_people_sign_in, tenant.id)
        with within(tenant):
            checks.check(rules.support_access_must_be_allowed)
        return checks.refusals

    def done(self, request: HttpRequest, result: Impersonation) -> HttpResponseBase:
        tenant = directory.by_id(result.tenant_id)
        if not result.new_ticket or tenant is None:  # a repeated request; the first one has the ticket
            return redirect("admin:impersonation_impersonation_change", result.pk)
        return redirect(link(result.new_ticket, tenant))


class EndImpersonationPage(CommandPage):
    command = EndImpersonation
    form = ReasonForm
    danger = True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        impersonation = Impersonation.objects.filter(pk=server_fields["impersonation_id"]).first()
        if impersonation is None:
            raise Http404
        return (
            (gettext("Operator"), impersonation.operator_name),
            (gettext("Impersonates"), str(impersonation)),
            (gettext("Reason"), impersonation.reason),
            (
                gettext("Until"),
                shown_instant(impersonation.ends_at)
                if impersonation.ends_at
                else gettext("the ticket is used"),
            ),
        )

    def sentence(self, result: Impersonation) -> str:
        return gettext("The session as {result} has ended after {actions} actions.").format(
            result=result, actions=result.actions
        )

    def success_url(self, result: Impersonation) -> str:
        return reverse("admin:impersonation_impersonation_change", args=[result.pk])


def _open_sessions() -> hooks.Reading:
    count = Impersonation.objects.open().exclude(entered_at=None).count()
    return hooks.Reading(count, gettext("of operators in tenants"))


def _latest_sessions() -> Sequence[Sequence[Any]]:
    return [
        [
            shown_instant(support_session.entered_at),
            (
                str(support_session),
                reverse("admin:impersonation_supportsession_change", args=[support_session.pk]),
            ),
            support_session.reason,
        ]
        for support_session in SupportSession.objects.order_by("-id")[:5]
    ]


def _tenant(server_fields: ServerFields) -> TenantInfo:
    tenant = directory.by_id(server_fields["tenant_id"])
    if tenant is None:
        raise Http404
    return tenant


def _roles(user: User) -> str:
    return ", ".join(group.name for group in user.groups.all()) or gettext("no role")


hooks.plug(
    "operator",
    hooks.MenuItem(
        group=_("Tenants"),
        title=_("Impersonations"),
        icon="support_agent",
        url="admin:impersonation_impersonation_changelist",
        permission=VIEW,
    ),
    hooks.Figure(
        title=_("Open support sessions"),
        permission=VIEW,
        icon="support_agent",
        read=_open_sessions,
        link="admin:impersonation_impersonation_changelist",
        query="?ended_at__isnull=True&entered_at__isnull=False",
    ),
    hooks.Page(
        path="tenants/<int:tenant_id>/enter/",
        name="enter_as_support",
        title=_("Enter as support"),
        permission=IMPERSONATE,
        view=EnterAsSupportPage(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Enter as support"),
        icon="support_agent",
        page="enter_as_support",
        permission=IMPERSONATE,
    ),
    hooks.Page(
        path="impersonations/<int:impersonation_id>/end/",
        name="end_impersonation",
        title=_("End support session"),
        permission=IMPERSONATE,
        view=EndImpersonationPage(),
    ),
)
hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Audit & security"),
        title=_("Support access"),
        icon="support_agent",
        url="admin:impersonation_supportsession_changelist",
        permission=VIEW_SUPPORT_SESSIONS,
    ),
    hooks.Table(
        title=_("Support access"),
        permission=VIEW_SUPPORT_SESSIONS,
        headers=(_("Since"), _("Operator and user"), _("Reason")),
        rows=_latest_sessions,
        empty=_("The platform's support has not accessed this tenant."),
        link="admin:impersonation_supportsession_changelist",
    ),
)
