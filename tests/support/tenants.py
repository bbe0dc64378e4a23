"""The tenants acme and globex, their users, and clients that are logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy.models import Tenant

from .database import PASSWORD


@pytest.fixture
def acme(db: None) -> TenantInfo:
    return Tenant.objects.get(slug="acme").info


@pytest.fixture
def globex(db: None) -> TenantInfo:
    return Tenant.objects.get(slug="globex").info


@pytest.fixture
def at_acme(acme: TenantInfo) -> Iterator[TenantInfo]:
    """acme is the current tenant of the test."""
    with activate(acme):
        yield acme


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.get(email="operator@bursar.example")


@pytest.fixture
def owner(acme: TenantInfo) -> User:
    return _user(acme, "owner")


@pytest.fixture
def controller(acme: TenantInfo) -> User:
    return _user(acme, "controller")


@pytest.fixture
def accountant(acme: TenantInfo) -> User:
    return _user(acme, "accountant")


@pytest.fixture
def auditor(acme: TenantInfo) -> User:
    return _user(acme, "auditor")


@pytest.fixture
def user_without_role(acme: TenantInfo) -> User:
    """A user without a role."""
    return _user(acme, "no-role")


@pytest.fixture
def client_for(acme: TenantInfo) -> Callable[..., Client]:
    """`client_for(user)` is logged in at acme; `client_for(user, globex)` there; `client_for(operator, None)` at the
    operator's console."""

    def logged_in(user: User, tenant: TenantInfo | None = acme) -> Client:
        client = Client()
        prefix = f"/t/{tenant.slug}" if tenant else ""
        response = client.post(
            f"{prefix}/accounts/login/", {"login": user.email, "password": PASSWORD}, follow=False
        )
        assert response.status_code == 302, response.content[:500]
        return client

    return logged_in


def _user(tenant: TenantInfo, name: str) -> User:
    with activate(tenant):
        user = User.objects.get(email=f"{name}@{tenant.slug}.example")
        user.get_all_permissions()  # read while the tenant is current
        return user
