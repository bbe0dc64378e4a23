"""Two tenants with a shop each, created before the first failure."""

from __future__ import annotations

from collections.abc import Sequence

from apps.bus import dispatch
from apps.inventory.commands import AddItem, ReceiveStock
from apps.kernel.actors import System
from apps.kernel.tenant import TenantInfo, activate
from apps.operations.commands import OnboardTenant
from apps.sales.commands import AddCustomer, SetUpSales
from apps.tenancy.models import Tenant
from tests.support.people import accept_all

MAKER = System("The soak")
PASSWORD = "correct horse battery"
SLUGS = ("acme", "globex")
STOCK = (("BOLT", 1_000_000), ("NUT", 1_000_000), ("RARE", 25))
"""RARE runs out, so that sagas of orders compensate."""
CUSTOMER = "HOOLI"


def create() -> Sequence[TenantInfo]:
    return [_tenant(slug) for slug in SLUGS]


def owner_of(slug: str) -> str:
    return f"owner@{slug}.example"


def _tenant(slug: str) -> TenantInfo:
    onboard = OnboardTenant(slug=slug, name=slug.title(), owner_email=owner_of(slug))
    tenant: Tenant = dispatch(onboard, actor=MAKER)
    with activate(tenant.info):
        accept_all()
        open_shop()
    return tenant.info


def open_shop() -> None:
    """Create items, stock and a customer in the current tenant."""
    dispatch(SetUpSales(), actor=MAKER)
    for sku, quantity in STOCK:
        dispatch(AddItem(sku=sku, name=sku.title()), actor=MAKER)
        dispatch(ReceiveStock(sku=sku, quantity=quantity), actor=MAKER)
    dispatch(AddCustomer(code=CUSTOMER, name="Hooli Inc."), actor=MAKER)
