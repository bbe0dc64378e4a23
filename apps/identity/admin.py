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
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.edits import EditPage
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form, ReasonForm, reason
from apps.kernel.search import May
from apps.kernel.tenant import current_tenant

from . import roles
from .accounts import pages as _accounts  # noqa: F401 - registers itself on import
from .commands import (
    ChangeRoles,
    DeactivateUser,
    EndSession,
    ReactivateUser,
)
from .invitations import pages as invitations
from .models import ApiSession, User
from .search import USERS
from .sessions import pages as _sessions  # noqa: F401 - registers itself on import

VIEW, MANAGE = "identity.view_user", "identity.manage_users"
ROLES = list(roles.TITLES.items())


@admin.register(User, site=tenant_site)
@admin.register(User, site=operator_site)
class UserAdmin(ReadOnlyAdmin):
    """The users of the current plane."""

    empty_message = _("Users appear here after they accept their invitation.")
    creating_page = "invite"
    list_display = ("name", "email", "has_roles", "is_active", "last_login")
    list_filter = ("is_active",)
    search = USERS
    ordering = ("name",)
    fields = ("name", "email", "new_email", "has_roles", "is_active", "is_staff", "joined_at", "last_login")
    readonly_fields = ("has_roles",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return users

    def links(self, request: HttpRequest, obj: User) -> Sequence[Link]:
        if not request.user.has_perm(MANAGE):
            return ()
        roles = (
            [Link(gettext("Change roles"), reverse("admin:change_roles", args=[obj.pk]), "badge")]
            if current_tenant()
            else []
        )
        if obj.is_active:
            link = Link(gettext("Deactivate"), reverse("admin:deactivate_user", args=[obj.pk]), "person_off")
        else:
            link = Link(
                gettext("Reactivate"), reverse("admin:reactivate_user", args=[obj.pk]), "person_check"
            )
        return [*roles, link]

    @display(description=_("Roles"))
    def has_roles(self, user: User) -> str:
        if user.is_superuser:
            return gettext("operator")
        return ", ".join(group.name for group in user.groups.all()) or "—"


@admin.register(ApiSession, site=tenant_site)
@admin.register(ApiSession, site=operator_site)
class ApiSessionAdmin(ReadOnlyAdmin):
    """The sessions of all users, with their devices."""

    created_by = "sign-ins"
    empty_message = _("Sessions appear here when users sign in to the console, or over the API.")
    list_display = ("user", "kind", "device", "address", "began_at", "last_used_at", "state")
    list_filter = ("kind", "began_at")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email", "device")
    ordering = ("-id",)
    fields = (
        "user",
        ("kind", "device", "address"),
        ("began_at", "last_used_at", "expires_at"),
        ("ended_at", "end_reason"),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(MANAGE))

    def links(self, request: HttpRequest, obj: ApiSession) -> Sequence[Link]:
        return (
            [Link(gettext("Sign out"), reverse("admin:end_session", args=[obj.pk]), "logout")]
            if obj.is_open
            else []
        )

    @display(description=_("State"), label=Colours({_("open"): "success", _("ended"): "default"}))
    def state(self, session: ApiSession) -> str:
        return gettext("open") if session.is_open else gettext("ended")


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
            (gettext("User"), f"{user}, {user.email}"),
            (gettext("Roles"), ", ".join(user.role_names) or gettext("none")),
            (
                gettext("Signed in"),
                ngettext("on {count} device", "on {count} devices", sessions).format(count=sessions)
                if sessions
                else gettext("no session"),
            ),
        )

    def success_url(self, result: User) -> str:
        return reverse("admin:identity_user_change", args=[result.pk])


class ChangeRolesPage(UserPage, EditPage):
    command, form = ChangeRoles, RolesForm

    def build(self, form: forms.Form, server_fields: ServerFields) -> ChangeRoles:
        return ChangeRoles(
            **server_fields, **form.cleaned_data | {"roles": tuple(form.cleaned_data["roles"])}
        )

    def sentence(self, result: User) -> str:
        return gettext("The roles of {result} are now: {role_names}.").format(
            result=result, role_names=", ".join(result.role_names)
        )


class DeactivateUserPage(UserPage):
    command, form, danger = DeactivateUser, ReasonForm, True

    def sentence(self, result: User) -> str:
        return gettext("{result} is deactivated, and signed out everywhere.").format(result=result)


class ReactivateUserPage(UserPage):
    command, form = ReactivateUser, ReasonForm

    def sentence(self, result: User) -> str:
        return gettext("{result} can sign in again.").format(result=result)


class EndSessionPage(CommandPage):
    command, form, danger = EndSession, ReasonForm, True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        session = get_object_or_404(ApiSession.objects.select_related("user"), pk=server_fields["session_id"])
        return (
            (gettext("User"), str(session.user)),
            (gettext("Device"), session.device or gettext("unnamed")),
        )

    def sentence(self, result: ApiSession) -> str:
        return gettext("The {result} has ended. Its next request is refused.").format(result=result)

    def success_url(self, result: ApiSession) -> str:
        return "admin:identity_apisession_changelist"


def _hits(users: Sequence[User], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            str(user),
            hooks.described(gettext("User"), user.email),
            reverse("admin:identity_user_change", args=[user.pk]),
            "person",
        )
        for user in users
    ]


def _page(path: str, name: str, title: str | Promise, view: Any) -> hooks.Page:
    return hooks.Page(path=f"identity/{path}", name=name, title=title, permission=MANAGE, view=view)


_USER_PAGES: tuple[tuple[str, str, str | Promise, Any], ...] = (
    ("users/<int:user_id>/roles/", "change_roles", _("Change roles"), ChangeRolesPage()),
    ("users/<int:user_id>/deactivate/", "deactivate_user", _("Deactivate user"), DeactivateUserPage()),
    ("users/<int:user_id>/reactivate/", "reactivate_user", _("Reactivate user"), ReactivateUserPage()),
    ("sessions/<int:session_id>/end/", "end_session", _("End session"), EndSessionPage()),
)
for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group=_("People"),
            title=_("Users"),
            icon="group",
            url="admin:identity_user_changelist",
            permission=VIEW,
        ),
    )
    invitations.plug(_plane)
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group=_("People"),
            title=_("Sessions"),
            icon="devices",
            url="admin:identity_apisession_changelist",
            permission=MANAGE,
        ),
        *(_page(*page) for page in _USER_PAGES if _plane == "tenant" or page[1] != "change_roles"),
        hooks.RowSearch(
            permission=VIEW, search=USERS, rows=lambda: User.objects.order_by("name", "id"), hits=_hits
        ),
    )
