"""What must be true before a journey starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from django.db import connections

from apps.billing.errors import PlanNotOffered, PlanUnknown
from apps.billing.models import Plan
from apps.bus import Command, dry_run
from apps.kernel.clock import today
from apps.kernel.errors import SeveralRefusals
from apps.kernel.tenant import TenantInfo
from apps.kernel.transactions import within
from apps.tenancy import provisioning
from apps.tenancy.errors import TenantUnknown
from apps.tenancy.hooks import Retention, legal_retentions
from apps.tenancy.models import Tenant

from .errors import KeptByLaw, NameMissing, NameTooLong, ReasonMissing, SandboxesRemain, TrialOutOfRange

LONGEST_NAME = 120
LONGEST_TRIAL = 365


def name_must_be_given(name: str) -> None:
    if not name.strip():
        raise NameMissing


def name_must_fit(name: str) -> None:
    """A tenant's or a person's."""
    if len(name) > LONGEST_NAME:
        raise NameTooLong(name=name, most=LONGEST_NAME)


def trial_must_have_an_end(days: int) -> None:
    if not 0 <= days <= LONGEST_TRIAL:
        raise TrialOutOfRange(days=days, most=LONGEST_TRIAL)


def plan_must_be_offered(code: str) -> None:
    """None named is the one that everybody has at first."""
    if not code:
        return
    plan = Plan.objects.filter(code=code).first()
    if plan is None:
        raise PlanUnknown(code=code)
    if not plan.is_offered:
        raise PlanNotOffered(plan=plan)


def some_database_must_have_room(slug: str, region: str) -> None:
    """A tenant that is still pending has its place already. Raises NoDatabaseHasRoom."""
    if not Tenant.objects.filter(slug=slug).exists():
        provisioning.place(region=region)


def reason_must_be_given(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing


def tenant_must_be_known(tenant_id: int) -> Tenant:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None:
        raise TenantUnknown(slug=tenant_id)
    return tenant


def law_must_let_go(tenant: Tenant) -> None:
    """Raises KeptByLaw with the day from which on the tenant may be erased."""
    kept = _asked_inside(tenant.info)
    if kept and kept[0].until >= today():
        raise KeptByLaw(name=tenant.name, until=kept[0].until + dt.timedelta(days=1), what=kept[0].records)


def _asked_inside(tenant: TenantInfo) -> Sequence[Retention]:
    """Over a connection of its own: a dry run has a transaction open, in which nobody goes from tenant to tenant."""

    def ask() -> Sequence[Retention]:
        try:
            with within(tenant):
                return legal_retentions()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as apart:
        return apart.submit(copy_context().run, ask).result()


def no_sandbox_must_remain(tenant: Tenant) -> None:
    if sandboxes := Tenant.objects.filter(sandbox_of=tenant).values_list("slug", flat=True):
        raise SandboxesRemain(name=tenant.name, sandboxes=", ".join(sandboxes))


def would_be_done(command: Command) -> None:
    """Raises at once what a dry run of the journey refuses, so that nothing sets out that cannot arrive."""
    refusals = dry_run(command)
    if refusals:
        raise refusals[0] if len(refusals) == 1 else SeveralRefusals(refusals)
