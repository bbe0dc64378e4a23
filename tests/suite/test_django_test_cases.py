"""Django's own test cases get the suite's database, begin as the platform and choose a tenant by fixture."""

from __future__ import annotations

import pytest
from django.db import connections, transaction
from django.test import SimpleTestCase, TestCase, TransactionTestCase

from apps.bus import dispatch
from apps.companies.models import Company
from apps.kernel.tenant import current_tenant
from apps.ledger.commands import OpenAccount
from apps.ledger.models import Account
from apps.tenancy.models import Tenant
from tests.support.database import TESTER


class PlatformTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.tenants = Tenant.objects.count()

    def test_a_test_case_begins_as_the_platform(self) -> None:
        self.assertIsNone(current_tenant())
        self.assertEqual(self.tenants, 2)

    def test_a_test_case_commits(self) -> None:
        self.assertFalse(any(connection.in_atomic_block for connection in connections.all()))


@pytest.mark.usefixtures("at_acme")
class TenantTests(TransactionTestCase):
    def test_a_fixture_chooses_the_tenant(self) -> None:
        self.assertEqual(Company.objects.get().name, "Acme Corporation")

    def test_rows_of_one_test_are_gone_in_the_next_a(self) -> None:
        self._open_the_only_account()

    def test_rows_of_one_test_are_gone_in_the_next_b(self) -> None:
        self._open_the_only_account()

    def _open_the_only_account(self) -> None:
        self.assertFalse(Account.objects.exists())
        with transaction.atomic():
            dispatch(OpenAccount(code="1000", name="Bank", type="asset"), actor=TESTER)
        self.assertTrue(Account.objects.exists())


class NoDatabaseTests(SimpleTestCase):
    def test_a_simple_test_case_has_no_database(self) -> None:
        with self.assertRaisesMessage(Exception, "not allowed"):
            Tenant.objects.count()


@pytest.mark.django_db
def test_the_mark_gives_a_database() -> None:
    assert Tenant.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_transactional_mark_gives_the_same() -> None:
    assert Tenant.objects.count() == 2


def test_the_transactional_fixture_gives_the_same(transactional_db: None) -> None:
    assert Tenant.objects.count() == 2
