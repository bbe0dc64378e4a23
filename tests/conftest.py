"""Every test that touches rows has a database of its own: a copy of one in which two tenants were onboarded.

So tests commit like the real thing, deferred triggers and all, and leave nothing behind.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client
from psycopg import sql

from apps.bus import dispatch
from apps.identity.commands import InviteOperator, InviteUser, SetPassword
from apps.identity.models import User
from apps.kernel import caching
from apps.kernel.actors import System
from apps.kernel.tenant import TenantInfo, activate
from apps.operations.commands import OnboardTenant
from apps.tenancy import provisioning
from apps.tenancy.models import Tenant
from config.env import env

gc.disable()  # while all is imported and collected, nothing is garbage: to find that out took as long as the rest
pytest_plugins = (
    "tests.support",  # first, so that the assertions below it say what they compared
    "tests.support.branches",
    "tests.support.callers",
    "tests.support.chart",
    "tests.support.devices",
    "tests.support.eight_tenants",
    "tests.support.listener",
    "tests.support.processes",
    "tests.support.receiver",
    "tests.support.sealing",
    "tests.support.shop",
    "tests.support.transfer",
    "tests.support.two_at_work",
    "tests.pooler",
    "tests.shards",
)  # once: each module that imported them had servers of its own

TEMPLATE = "bursar_test_template"
PASSWORD = "correct horse battery"
ROLES = ("controller", "accountant", "auditor")
TESTER = System("The suite")
SPARES = 2
"""What a test may onboard before a schema has to be made for it."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long to start is started in one worker only: who needs it waits there for his turn."""
    for item in items:
        for each in ("east_server", "browser"):
            if each in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(each))
                break


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _unblocked(django_db_blocker: object) -> Iterator[None]:
    """pytest-django forbids the database by default; here the fixtures say who has one."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of the database that all are copied from. The first worker makes it, the others wait."""
    shared = tmp_path_factory.getbasetemp().parent if _worker() else tmp_path_factory.getbasetemp()
    with Path(shared, "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = Path(shared, "template.done")
        if not done.exists():
            _make_template()
            done.touch()
    return TEMPLATE


@pytest.fixture
def database(template: str) -> Iterator[str]:
    """A fresh copy for this test, in which acme and globex stand. Its Redis database and its store are empty."""
    name = f"bursar_test_{_worker() or 'alone'}"
    _begin_with(template, name)
    yield name
    connections.close_all()


@pytest.fixture
def acme(database: str) -> TenantInfo:
    return Tenant.objects.get(slug="acme").info


@pytest.fixture
def globex(database: str) -> TenantInfo:
    return Tenant.objects.get(slug="globex").info


@pytest.fixture
def at_acme(acme: TenantInfo) -> Iterator[TenantInfo]:
    """The test happens in acme."""
    with activate(acme):
        yield acme


@pytest.fixture
def operator(database: str) -> User:
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
def nobody(acme: TenantInfo) -> User:
    """Somebody without a role."""
    return _user(acme, "nobody")


@pytest.fixture
def client_for(acme: TenantInfo) -> Callable[..., Client]:
    """`client_for(user)` is logged in at acme; `client_for(user, globex)` there; `client_for(operator, None)` at the
    operator's console."""

    def logged_in(user: User, tenant: TenantInfo | None = acme) -> Client:
        client = Client()
        prefix = f"/t/{tenant.slug}" if tenant else ""
        answer = client.post(
            f"{prefix}/accounts/login/", {"login": user.email, "password": PASSWORD}, follow=False
        )
        assert answer.status_code == 302, answer.content[:500]
        return client

    return logged_in


def _user(tenant: TenantInfo, name: str) -> User:
    with activate(tenant):
        user = User.objects.get(email=f"{name}@{tenant.slug}.example")
        user.get_all_permissions()  # while its tenant is here
        return user


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "")


def _make_template() -> None:
    call_command("migrate_schemas", verbosity=0)
    invitation = InviteOperator(email="operator@bursar.example", name="Olga Operator")
    operator = dispatch(invitation, actor=TESTER)
    dispatch(SetPassword(user_id=operator.pk, password=PASSWORD), actor=TESTER)
    provisioning.refill(SPARES + 2)
    for slug, name in (("acme", "Acme Corporation"), ("globex", "Globex")):
        tenant: Tenant = dispatch(
            OnboardTenant(slug=slug, name=name, owner_email=f"owner@{slug}.example"), actor=operator
        )
        with activate(tenant.info):
            _people(slug)
    connections.close_all()
    _copy("bursar", TEMPLATE)


def template_where(name: str, template: str, happens: Callable[[], None]) -> str:
    """Another template: the copy of one in which something happened. Tests that all begin there override `template` by
    a fixture of their session that returns this, so that it happens once for each worker. Files are none in it."""
    name = f"{template}_{name}_{_worker() or 'alone'}"
    _begin_with(template, name)
    happens()
    connections.close_all()
    return name


def _people(slug: str) -> None:
    for role in ROLES:
        dispatch(InviteUser(email=f"{role}@{slug}.example", name=role.title(), role=role), actor=TESTER)
    nobody = dispatch(InviteUser(email=f"nobody@{slug}.example", name="Nobody", role="auditor"), actor=TESTER)
    nobody.groups.clear()
    for user in User.objects.all():
        dispatch(SetPassword(user_id=user.pk, password=PASSWORD), actor=TESTER)


def _begin_with(template: str, name: str) -> None:
    _copy(template, name)
    _point_at(name)
    caching._client().flushdb()
    caching._stamps.forget()
    shutil.rmtree(urlsplit(str(env().files_url)).path, ignore_errors=True)


def _copy(source: str, target: str) -> None:
    owner = connections["owner"].settings_dict
    with psycopg.connect(
        host=owner["HOST"],
        port=owner["PORT"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        dbname="template1",
        autocommit=True,
    ) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(target)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(target), sql.Identifier(source)
            )
        )
        connection.execute(
            sql.SQL(_SAME_RIGHTS).format(target=sql.Literal(target), source=sql.Literal(source))
        )


_SAME_RIGHTS = """
DO $$
DECLARE
    given record;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', {target});
    FOR given IN SELECT privilege_type, grantee::regrole AS role FROM pg_database, aclexplode(datacl)
        WHERE datname = {source} AND grantee NOT IN (0, datdba)
    LOOP
        EXECUTE format('GRANT %s ON DATABASE %I TO %s', given.privilege_type, {target}, given.role);
    END LOOP;
END $$
"""
"""What `deploy/roles.sql` says of the database itself: PostgreSQL copies all but that."""


def _point_at(name: str) -> None:
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
