"""The actor of a request with an access token: a user, built from the claims alone."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import Any

from apps.identity import roles, scopes
from apps.identity.models import User

from .access import Claims


class Bearer:
    """Has the interface of User that views, the bus and the audit log need, without a query.

    `row` loads the user's row, for the other fields.
    """

    is_authenticated = True
    is_anonymous = False
    is_active = True

    def __init__(self, claims: Claims) -> None:
        self.claims = claims
        self.pk = self.id = int(claims["sub"])
        self.email: str = claims["email"]
        self.name: str = claims["name"]
        self.is_staff: bool = claims["is_staff"]
        self.is_superuser: bool = claims["is_superuser"]
        self.role_names: list[str] = claims["roles"]

    def __str__(self) -> str:
        return self.name or self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_superuser or perm in self._granted

    def has_perms(self, perms: Collection[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        return self.row.get_all_permissions() if self.is_superuser else set(self._granted)

    def get_username(self) -> str:
        return self.email

    @cached_property
    def row(self) -> User:
        return User.objects.get(pk=self.pk)

    @cached_property
    def _granted(self) -> set[str]:
        """The permissions of the roles, of the scopes, and of the user individually."""
        granted = scopes.permissions(self.claims["scopes"]) | set(self.claims["permissions"])
        return granted.union(*(roles.granted_to(role) for role in self.role_names))
