"""The standard roles of a tenant. The modules grant their permissions (`Module.grants`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.modules import registry

OWNER = "owner"
TITLES = {
    OWNER: _("Owner"),
    "controller": _("Controller"),
    "accountant": _("Accountant"),
    "auditor": _("Auditor"),
}


def names() -> Sequence[str]:
    return tuple(TITLES)


def permissions_of(role: str) -> set[str]:
    """As `app.verb_noun`. The owner has the permissions of all roles."""
    return {
        permission
        for module in registry.modules()
        for granted_to, permissions in module.grants.items()
        for permission in permissions
        if role in (granted_to, OWNER)
    }


@cache
def granted_to(role: str) -> frozenset[str]:
    """`permissions_of`, cached for the checks of every request; the modules do not change at run time."""
    return frozenset(permissions_of(role))


def group(role: str) -> Group:
    """The role's group in the current schema, updated from the manifests."""
    group, _created = Group.objects.get_or_create(name=role)
    wanted = Q(pk=None)
    for permission in permissions_of(role):
        app, codename = permission.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    group.permissions.set(Permission.objects.filter(wanted))
    return group
