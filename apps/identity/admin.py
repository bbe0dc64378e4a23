"""Users and their roles, in both consoles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.console import hooks
from apps.console.admin import CommandPage, Link, ReadOnlyAdmin, ServerFields
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form, ReasonForm, reason
from apps.kernel.tenant import current_tenant

from . import queries, roles
from .commands import (
    ChangeRoles,
    DeactivateUser,
    EndSession,
    InviteOperator,
    InviteUser,
    ReactivateUser,
)
from .impersonation import pages as _support  # noqa: F401
from .models import ApiSession, User

VIEW, MANAGE = "identity.view_user", "identity.manage_users"
ROLES = [(role, role.title()) for role in roles.names()]


@admin.register(User, site=tenant_site)
@admin.register(User, site=operator_site)
class UserAdmin(ReadOnlyAdmin):
    """The users of the current plane."""

    empty_message = _("Users appear here after they are invited.")
    creating_page = "invite"
    list_display = ("name", "email", "has_roles", "is_active", "last_login")
    search_fields = ("name", "email")
    ordering = ("name",)
    fields = ("name", "email", "has_roles", "is_active", "is_staff", "joined_at", "last_login")
    readonly_fields = ("has_roles",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return users

    def links(self, request: HttpRequest, obj: User) -> Sequence[Link]:
        if not request.user.has_perm(MANAGE):
            return ()
        roles = (
            [Link("Change roles", reverse("admin:change_roles", args=[obj.pk]), "badge")]
            if current_tenant()
            else []
        )
        if obj.is_active:
            link = Link("Deactivate", reverse("admin:deactivate_user", args=[obj.pk]), "person_off")
        else:
            link = Link("Reactivate", reverse("admin:reactivate_user", args=[obj.pk]), "person_check")
        return [*roles, link]

    @display(description="Roles")
    def has_roles(self, user: User) -> str:
        if user.is_superuser:
            return "operator"
        return ", ".join(group.name for group in user.groups.all()) or "—"


@admin.register(ApiSession, site=tenant_site)
@admin.register(ApiSession, site=operator_site)
class ApiSessionAdmin(ReadOnlyAdmin):
    """The API sessions of all users, with their devices."""

    empty_message = _("Sessions of programs that sign in over the API appear here.")
    list_display = ("user", "device", "began_at", "last_used_at", "state")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email", "device")
    ordering = ("-id",)
    fields = ("user", "device", "began_at", "last_used_at", "expires_at", "ended_at", "end_reason")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(MANAGE))

    def links(self, request: HttpRequest, obj: ApiSession) -> Sequence[Link]:
        return (
            [Link("Sign out", reverse("admin:end_session", args=[obj.pk]), "logout")] if obj.is_open else []
        )

    @display(description="State", label={"open": "success", "ended": "default"})
    def state(self, session: ApiSession) -> str:
        return "open" if session.is_open else "ended"


class InvitationForm(Form):
    email = forms.EmailField(label="E-mail address")
    name = forms.CharField(max_length=120)


class InvitationWithRoleForm(InvitationForm):
    role = forms.ChoiceField(choices=ROLES, initial="accountant")


class InvitePage(CommandPage):
    """Shows the one-time invitation link."""

    def sentence(self, result: User) -> str:
        return f"{result} is invited. This link works once: {queries.invitation_link(result)}"

    def success_url(self, result: User) -> str:
        return reverse("admin:identity_user_change", args=[result.pk])


class InviteUserPage(InvitePage):
    command = InviteUser
    form = InvitationWithRoleForm


class InviteOperatorPage(InvitePage):
    command = InviteOperator
    form = InvitationForm


class RolesForm(Form):
    roles = forms.MultipleChoiceField(choices=ROLES)
    reason = reason()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=ROLES)


class UserPage(CommandPage):
    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        user = get_object_or_404(User, pk=server_fields["user_id"])
        sessions = ApiSession.objects.of(user).open().count()
        return (
            ("User", f"{user}, {user.email}"),
            ("Roles", ", ".join(user.role_names) or "none"),
            (
                "Signed in over the API",
                f"on {sessions} device{'s' if sessions > 1 else ''}" if sessions else "no session",
            ),
        )

    def success_url(self, result: User) -> str:
        return reverse("admin:identity_user_change", args=[result.pk])


class ChangeRolesPage(UserPage):
    command, form = ChangeRoles, RolesForm

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {"initial": {"roles": get_object_or_404(User, pk=server_fields["user_id"]).role_names}}

    def build(self, form: forms.Form, server_fields: ServerFields) -> ChangeRoles:
        return ChangeRoles(
            **server_fields, **form.cleaned_data | {"roles": tuple(form.cleaned_data["roles"])}
        )

    def sentence(self, result: User) -> str:
        return f"The roles of {result} are now: {', '.join(result.role_names)}."


class DeactivateUserPage(UserPage):
    command, form, danger = DeactivateUser, ReasonForm, True

    def sentence(self, result: User) -> str:
        return f"{result} is deactivated, and signed out everywhere."


class ReactivateUserPage(UserPage):
    command, form = ReactivateUser, ReasonForm

    def sentence(self, result: User) -> str:
        return f"{result} can sign in again."


class EndSessionPage(CommandPage):
    command, form, danger = EndSession, ReasonForm, True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        session = get_object_or_404(ApiSession.objects.select_related("user"), pk=server_fields["session_id"])
        return (("User", str(session.user)), ("Device", session.device or "unnamed"))

    def sentence(self, result: ApiSession) -> str:
        return f"The {result} has ended, and its tokens are invalid."

    def success_url(self, result: ApiSession) -> str:
        return "admin:identity_apisession_changelist"


def _find(term: str) -> Sequence[hooks.SearchHit]:
    users = User.objects.filter(name__icontains=term) | User.objects.filter(email__icontains=term)
    return [
        hooks.SearchHit(
            str(user), user.email, reverse("admin:identity_user_change", args=[user.pk]), "person"
        )
        for user in users.order_by("name")[:8]
    ]


def _page(path: str, name: str, title: str, view: Any) -> hooks.Page:
    return hooks.Page(path=f"identity/{path}", name=name, title=title, permission=MANAGE, view=view)


_USER_PAGES: tuple[tuple[str, str, str, Any], ...] = (
    ("users/<int:user_id>/roles/", "change_roles", "Change roles", ChangeRolesPage()),
    ("users/<int:user_id>/deactivate/", "deactivate_user", "Deactivate user", DeactivateUserPage()),
    ("users/<int:user_id>/reactivate/", "reactivate_user", "Reactivate user", ReactivateUserPage()),
    ("sessions/<int:session_id>/end/", "end_session", "End API session", EndSessionPage()),
)
_PAGES: tuple[tuple[hooks.Plane, Any, str], ...] = (
    ("operator", InviteOperatorPage(), "Invite operator"),
    ("tenant", InviteUserPage(), "Invite user"),
)
for _plane, _view, _title in _PAGES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group="People", title="Users", icon="group", url="admin:identity_user_changelist", permission=VIEW
        ),
        hooks.MenuItem(
            group="People",
            title="API sessions",
            icon="devices",
            url="admin:identity_apisession_changelist",
            permission=MANAGE,
        ),
        *(_page(*page) for page in _USER_PAGES if _plane == "tenant" or page[1] != "change_roles"),
        hooks.Page(
            path="identity/invite/",
            name="invite",
            title=_title,
            permission=MANAGE,
            view=_view,
            group="People",
            icon="person_add",
        ),
        hooks.Search(permission=VIEW, find=_find),
    )
