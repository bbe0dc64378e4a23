"""The database of a test, in place of pytest-django's: `db`, `transactional_db`, `@pytest.mark.django_db` and the
subclasses of Django's `TestCase` and `TransactionTestCase`.

Each begins as the platform, in a database in which the tenants acme and globex exist, and commits like the product. The
next test finds it as it was: see `tests.support.reset`. Without one of them a test has no database at all.

A test that runs DDL, GRANT or TRUNCATE (onboarding a tenant does) says so by `@pytest.mark.physical_copy`, or uses a
fixture that requests the fixture of that name; otherwise it fails.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import TestCase, TransactionTestCase

from apps.bus import dispatch
from apps.identity.commands import InviteOperator
from apps.kernel.cache import redis_client, stamps
from apps.kernel.tenant import activate
from apps.operations.commands import OnboardTenant
from apps.tenancy import tenant_schemas
from apps.tenancy.models import Tenant
from config.env import env

from .failpoints import hang_up
from .people import PASSWORD as PASSWORD
from .people import TESTER as TESTER
from .people import accept, accept_all, new_user
from .reset import RESETS_PER_CHECKSUM, SuiteDatabase, copy_database, point_at

TEMPLATE = "bursar_test_template"
ROLES = ("controller", "accountant", "auditor")
SPARES = 2
"""Schemas that a test can onboard tenants into before one has to be made."""


@pytest.fixture(scope="session")
def template(base_template: str) -> str:
    """The database copied for each test. A directory with another initial state overrides the fixture."""
    return base_template


@pytest.fixture(scope="session")
def base_template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> str:
    """The name of the template database. The first worker creates it, the others wait."""
    shared = tmp_path_factory.getbasetemp().parent if _worker() else tmp_path_factory.getbasetemp()
    with Path(shared, "template.lock").open("w") as lock, django_db_blocker.unblock():
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = Path(shared, "template.done")
        if not done.exists():
            _make_template()
            done.touch()
    return TEMPLATE


@pytest.fixture(scope="session")
def django_db_setup(base_template: str) -> None:
    """Nothing is migrated per session but the template."""


@pytest.fixture(scope="session")
def suite_database(request: pytest.FixtureRequest) -> Iterator[SuiteDatabase]:
    """This worker's database, between tests too."""
    every = 1 if request.config.option.tier == "rest" else RESETS_PER_CHECKSUM
    database = SuiteDatabase(f"bursar_test_{_worker() or 'single'}", checksum_every=every)
    yield database
    database.discard()


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest,
    template: str,
    suite_database: SuiteDatabase,
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[None]:
    """pytest-django's fixture behind `db`, `transactional_db` and the mark `django_db`."""
    is_copy = "physical_copy" in request.fixturenames or request.node.get_closest_marker("physical_copy")
    with django_db_blocker.unblock():
        suite_database.prepare(template)
        empty_what_is_beside()
        yield
        hang_up()
        if change := suite_database.restore(is_copy=bool(is_copy)):
            fail_for(request.node.nodeid, change)


def fail_for(test: str, change: str) -> NoReturn:
    pytest.fail(
        f"{test} left what a reset of the database cannot put back: {change}."
        " A test that runs DDL, GRANT or TRUNCATE is marked `physical_copy`.",
        pytrace=False,
    )


@pytest.fixture
def physical_copy() -> None:
    """Requested by a fixture whose tests need the mark of this name."""


@pytest.fixture
def database_name(db: None, suite_database: SuiteDatabase) -> str:
    return suite_database.name


@pytest.fixture(autouse=True)
def _database_of_a_django_test_case(request: pytest.FixtureRequest) -> None:
    if request.cls is not None and issubclass(request.cls, TransactionTestCase):
        request.getfixturevalue("_django_db_helper")


@pytest.fixture(scope="session", autouse=True)
def _reset_instead_of_rollback() -> Iterator[None]:
    """Django's test cases would wrap a test in a transaction, in which no tenant can be chosen, or flush with TRUNCATE,
    which the runtime may not. They may use all aliases, as the product does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestCase, "_databases_support_transactions", classmethod(lambda cls: False))
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: None)
        patch.setattr(TransactionTestCase, "databases", "__all__")
        yield


@pytest.fixture(scope="session")
def template_where(
    base_template: str, suite_database: SuiteDatabase, django_db_blocker: Any
) -> Callable[[str, Callable[[], None]], str]:
    """`template_where(name, prepare)` is another template: a copy in which `prepare` was called. A fixture of the
    session returns it, and `template` is overridden to be that one where all tests begin there. It has no files."""

    def make(name: str, prepare: Callable[[], None]) -> str:
        name = f"{base_template}_{name}_{_worker() or 'single'}"
        suite_database.discard()
        with django_db_blocker.unblock():
            copy_database(base_template, name)
            point_at(name)
            empty_what_is_beside()
            prepare()
            connections.close_all()
        return name

    return make


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "")


def empty_what_is_beside() -> None:
    """Redis, and the object store."""
    redis_client.client().flushdb()
    stamps.STAMPS.forget()
    shutil.rmtree(urlsplit(str(env().files_url)).path, ignore_errors=True)


def _make_template() -> None:
    call_command("migrate_schemas", verbosity=0)
    invitation = InviteOperator(email="operator@bursar.example", name="Olga Operator")
    operator = accept(dispatch(invitation, actor=TESTER))
    tenant_schemas.refill(SPARES + 2)
    for slug, name in (("acme", "Acme Corporation"), ("globex", "Globex")):
        command = OnboardTenant(slug=slug, name=name, owner_email=f"owner@{slug}.example")
        tenant: Tenant = dispatch(command, actor=operator)
        with activate(tenant.info):
            _make_users(slug)
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM events_outboxevent WHERE name LIKE 'invitation.%'")
    connections.close_all()
    copy_database("bursar", TEMPLATE)


def _make_users(slug: str) -> None:
    accept_all()
    for role in ROLES:
        new_user(f"{role}@{slug}.example", role.title(), role)
    new_user(f"no-role@{slug}.example", "No Role", "auditor").groups.clear()
