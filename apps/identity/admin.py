"""Users and their roles, in both consoles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form

from . import queries, roles
from .commands import InviteOperator, InviteUser
from .impersonation import pages as _support  # noqa: F401
from .models import User

VIEW, MANAGE = "identity.view_user", "identity.manage_users"


@admin.register(User, site=tenant_site)
@admin.register(User, site=operator_site)
class UserAdmin(ReadOnlyAdmin):
    """Who may come in."""

    list_display = ("name", "email", "has_roles", "is_active", "last_login")
    search_fields = ("name", "email")
    ordering = ("name",)
    fields = ("name", "email", "has_roles", "is_active", "is_staff", "joined_at", "last_login")
    readonly_fields = ("has_roles",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return users

    @display(description="Roles")
    def has_roles(self, user: User) -> str:
        if user.is_superuser:
            return "operator"
        return ", ".join(group.name for group in user.groups.all()) or "—"


class Invitation(Form):
    email = forms.EmailField(label="E-mail address")
    name = forms.CharField(max_length=120)


class InvitationWithRole(Invitation):
    role = forms.ChoiceField(choices=[(role, role.title()) for role in roles.names()], initial="accountant")


class Invite(CommandPage):
    """Shows the link that the invited person needs; it works once."""

    def sentence(self, result: User) -> str:
        return f"{result} is invited. This link works once: {queries.invitation_link(result)}"

    def back(self, result: User) -> str:
        return reverse("admin:identity_user_change", args=[result.pk])


class InviteSomebody(Invite):
    command = InviteUser
    form = InvitationWithRole


class InviteAnOperator(Invite):
    command = InviteOperator
    form = Invitation


def _find(term: str) -> Sequence[hooks.Found]:
    users = User.objects.filter(name__icontains=term) | User.objects.filter(email__icontains=term)
    return [
        hooks.Found(str(user), user.email, reverse("admin:identity_user_change", args=[user.pk]), "person")
        for user in users.order_by("name")[:8]
    ]


_PAGES: tuple[tuple[hooks.Plane, Any, str], ...] = (
    ("operator", InviteAnOperator(), "Invite an operator"),
    ("tenant", InviteSomebody(), "Invite somebody"),
)
for _plane, _view, _title in _PAGES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group="People", title="Users", icon="group", url="admin:identity_user_changelist", permission=VIEW
        ),
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
