"""Invitations in both consoles: their list, and the pages that invite, resend and revoke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ReadOnlyAdmin, ServerFields
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form
from apps.identity import roles
from apps.identity.commands import InviteOperator, InviteUser, ResendInvitation, RevokeInvitation
from apps.kernel.tenant import current_tenant

from .models import Invitation

MANAGE = "identity.manage_users"
State = Invitation.State
STATES = Colours(
    {State.INVITED: "info", State.ACCEPTED: "success", State.EXPIRED: "warning", State.REVOKED: "default"}
)


@admin.register(Invitation, site=tenant_site)
@admin.register(Invitation, site=operator_site)
class InvitationAdmin(ReadOnlyAdmin):
    """The invitations of the current plane, newest first."""

    empty_message = _("Invitations appear here, with their states.")
    creating_page = "invite"
    list_display = ("email", "name", "role_title", "state_label", "invited_by", "sent_at", "expires_at")
    list_filter = ("state", "expires_at")
    search_fields = ("name", "email")
    ordering = ("-id",)
    fields = (
        ("email", "name"),
        ("role_title", "state_label"),
        ("invited_by", "invited_at"),
        ("sent_at", "expires_at"),
        ("ended_at", "user"),
    )
    readonly_fields = ("role_title", "state_label")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(MANAGE))

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        return (Link(_invite_title(), reverse("admin:invite"), "person_add"),)

    def links(self, request: HttpRequest, obj: Invitation) -> Sequence[Link]:
        resend = Link(
            gettext("Resend"), reverse("admin:resend_invitation", args=[obj.pk]), "forward_to_inbox"
        )
        revoke = Link(gettext("Revoke"), reverse("admin:revoke_invitation", args=[obj.pk]), "block")
        return {State.INVITED: (resend, revoke), State.EXPIRED: (resend,)}.get(State(obj.state), ())

    @display(description=_("Role"), ordering="role")
    def role_title(self, invitation: Invitation) -> str:
        return str(roles.TITLES.get(invitation.role, _("Operator")))

    @display(description=_("State"), ordering="state", label=STATES)
    def state_label(self, invitation: Invitation) -> str:
        return str(invitation.current_state.label)


class InvitationForm(Form):
    email = forms.EmailField(label=_("E-mail address"))
    name = forms.CharField(max_length=120)


class InvitationWithRoleForm(InvitationForm):
    role = forms.ChoiceField(choices=list(roles.TITLES.items()), initial="accountant")


class InvitationPage(CommandPage):
    """Its result is the state of the invitation. The link is in the e-mail only."""

    def sentence(self, result: Invitation) -> str:
        return gettext("{name} is invited: a link is sent to {email}.").format(
            name=result.name, email=result.email
        )

    def success_url(self, result: Invitation) -> str:
        return reverse("admin:identity_invitation_change", args=[result.pk])


class InviteUserPage(InvitationPage):
    command, form = InviteUser, InvitationWithRoleForm


class InviteOperatorPage(InvitationPage):
    command, form = InviteOperator, InvitationForm


class ExistingInvitationPage(InvitationPage):
    def facts(self, server_fields: ServerFields) -> Facts:
        invitation = get_object_or_404(Invitation, pk=server_fields["invitation_id"])
        return (
            (gettext("Invited"), f"{invitation.name}, {invitation.email}"),
            (gettext("State"), invitation.current_state.label),
        )


class ResendInvitationPage(ExistingInvitationPage):
    command = ResendInvitation


class RevokeInvitationPage(ExistingInvitationPage):
    command, danger = RevokeInvitation, True

    def sentence(self, result: Invitation) -> str:
        return gettext("The invitation of {email} is revoked.").format(email=result.email)


def _invite_title() -> str:
    return gettext("Invite user") if current_tenant() else gettext("Invite operator")


def _page(path: str, name: str, title: str | Promise, view: CommandPage) -> hooks.Page:
    return hooks.Page(
        path=f"identity/invitations/<int:invitation_id>/{path}/",
        name=name,
        title=title,
        permission=MANAGE,
        view=view,
    )


_INVITE: dict[hooks.Plane, tuple[CommandPage, str | Promise]] = {
    "operator": (InviteOperatorPage(), _("Invite operator")),
    "tenant": (InviteUserPage(), _("Invite user")),
}


def plug(plane: hooks.Plane) -> None:
    view, title = _INVITE[plane]
    hooks.plug(
        plane,
        hooks.MenuItem(
            group=_("People"),
            title=_("Invitations"),
            icon="mail",
            url="admin:identity_invitation_changelist",
            permission=MANAGE,
        ),
        hooks.Page(
            path="identity/invite/",
            name="invite",
            title=title,
            permission=MANAGE,
            view=view,
            group=_("People"),
            icon="person_add",
        ),
        _page("resend", "resend_invitation", _("Resend invitation"), ResendInvitationPage()),
        _page("revoke", "revoke_invitation", _("Revoke invitation"), RevokeInvitationPage()),
    )
