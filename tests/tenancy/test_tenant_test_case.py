"""The test case for code inside a tenant: an existing tenant, or a new one."""

from __future__ import annotations

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from apps.companies.models import Company
from apps.kernel.tenant import current_tenant
from apps.ledger.models import Account
from apps.tenancy.models import Tenant
from apps.tenancy.testing import TenantTestCase


class ExistingTenantTests(TenantTestCase):
    slug = "acme"

    def test_a_test_runs_inside_the_tenant(self) -> None:
        assert current_tenant() == self.tenant
        assert connection.schema_name == self.tenant.schema_name
        assert Company.objects.get().name == "Acme Corporation"

    def test_the_client_sends_requests_to_the_host_of_the_tenant(self) -> None:
        response = self.client.get("/", follow=True)

        self.assertContains(response, "Acme Corporation")

    def test_a_test_may_change_the_tenant(self) -> None:
        other = Tenant.objects.get(slug="globex")

        with schema_context(other.schema_name):
            assert Company.objects.get().name == "Globex"


@pytest.mark.physical_copy
class NewTenantTests(TenantTestCase):
    slug = "initech"

    def test_a_new_tenant_has_empty_tables(self) -> None:
        assert self.tenant.slug == "initech"
        assert Account.objects.count() == 0


def test_after_a_test_case_the_platform_is_current(db: None) -> None:
    assert current_tenant() is None
