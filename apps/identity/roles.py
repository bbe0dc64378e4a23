"""The standard roles of a tenant. What each may do is said by the modules (`Module.grants`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from apps.modules import registry

OWNER = "owner"


def names() -> Sequence[str]:
    return (OWNER, "controller", "accountant", "auditor")


def permissions_of(role: str) -> set[str]:
    """`app.verb_noun` each. The owner may do whatever any role may."""
    return {
        permission
        for module in registry.modules()
        for granted_to, permissions in module.grants.items()
        for permission in permissions
        if role in (granted_to, OWNER)
    }


@cache
def granted_to(role: str) -> frozenset[str]:
    """`permissions_of`, for those who ask with every request: the modules do not change while we run."""
    return frozenset(permissions_of(role))


def group(role: str) -> Group:
    """The role's group in the current schema, brought in line with the manifests."""
    group, _ = Group.objects.get_or_create(name=role)
    wanted = Q(pk=None)
    for permission in permissions_of(role):
        app, codename = permission.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    group.permissions.set(Permission.objects.filter(wanted))
    return group
