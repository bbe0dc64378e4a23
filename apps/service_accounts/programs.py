"""The actor of a request with the token of a service account."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext

from apps.identity import queries as identity


class Program:
    """Has the interface of User that views, the bus and the audit log need, without a query.

    Its id is the negative id of the account, as that of no user is.
    """

    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = False
    is_superuser = False
    email = ""
    role_names: tuple[str, ...] = ()

    def __init__(self, account_id: int, name: str, scopes: Collection[str]) -> None:
        self.account_id, self.name = account_id, name
        self.pk = self.id = -account_id
        self._permissions = frozenset(identity.permission_of(scope) for scope in scopes)

    def __str__(self) -> str:
        return gettext("service account {name} ({pk})").format(name=self.name, pk=self.account_id)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return perm in self._permissions

    def has_perms(self, perms: Collection[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        return set(self._permissions)

    def get_username(self) -> str:
        return str(self)
