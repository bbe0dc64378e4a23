"""A test case for code that works inside a tenant, in place of the `TenantTestCase` of django-tenants."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.test import TransactionTestCase

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.tenant import TenantInfo, activate

from . import directory
from .commands import CreateTenant, SetTenantActive
from .models import Tenant

TESTS = System("Tests")


class TenantTestCase(TransactionTestCase):
    """Each test runs inside `self.tenant`, and `self.client` sends requests to its host. A test commits: inside a
    transaction around it, no tenant could be chosen.

    slug  the tenant's short name. A tenant that does not exist is created, with the tables of its schema and no company
          or user; its database must be dropped after the test.
    """

    databases = "__all__"
    slug: ClassVar[str] = "test"
    tenant: TenantInfo

    def setUp(self) -> None:
        super().setUp()
        self.tenant = directory.by_slug(self.slug) or self._created()
        self.client.defaults["HTTP_HOST"] = f"{self.slug}.{settings.BASE_DOMAIN}"
        self.enterContext(activate(self.tenant))

    def _created(self) -> TenantInfo:
        command = CreateTenant(
            slug=self.slug, name=self.slug.title(), owner_email=f"owner@{self.slug}.example"
        )
        created: Tenant = dispatch(command, actor=TESTS)
        active: Tenant = dispatch(SetTenantActive(tenant_id=created.pk), actor=TESTS)
        return active.info
