"""Commands, refusals and failures by tenant and module, from the rollup of each audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from apps.audit import queries as audit
from apps.audit.rollup.figures import Figures
from apps.kernel.db import databases
from apps.kernel.db.tenant_transaction import within
from apps.kernel.tenant import HOME, current_tenant
from apps.tenancy import queries as tenants

PLATFORM = ""
ByModule = Mapping[str, Figures]


def by_tenant(since: dt.datetime, until: dt.datetime | None = None) -> dict[str, ByModule]:
    """By the short name of the tenant (`PLATFORM` for the platform) and by module. A tenant sees only itself. Tenants
    of an unreachable database are missing."""
    if tenant := current_tenant():
        return {tenant.slug: audit.command_minutes(since, until).by_module()}
    figures: dict[str, ByModule] = {PLATFORM: audit.command_minutes(since, until).by_module()}
    for tenant in tenants.active_tenants():
        with databases.skip_if_unreachable(tenant.database or HOME), within(tenant):
            figures[tenant.slug] = audit.command_minutes(since, until).by_module()
    return figures


def by_module(figures: Iterable[ByModule]) -> ByModule:
    """The sums over tenants."""
    sums: dict[str, Figures] = {}
    for of_tenant in figures:
        for module, of_module in of_tenant.items():
            sums[module] = sums.get(module, Figures()) + of_module
    return dict(sorted(sums.items()))


def total(figures: ByModule) -> Figures:
    return sum(figures.values(), Figures())
