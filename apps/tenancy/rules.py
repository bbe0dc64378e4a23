"""Rules of tenants."""

from __future__ import annotations

import re

from apps.kernel.db import databases

from .errors import (
    DatabaseUnknown,
    ModeUnknown,
    SlugConfusable,
    SlugMalformed,
    SlugReserved,
    SlugTaken,
    TenantCannotBecome,
    TenantIsNotPending,
    TenantIsPinned,
    TenantUnknown,
)
from .models import Tenant
from .states import Mode, State
from .tenant_names import RESERVED_FORM, RESERVED_SKELETONS, skeleton, skeleton_in_database

SLUG = re.compile(r"\A[a-z][a-z0-9-]{0,38}[a-z0-9]\Z")


def slug_must_be_well_formed(slug: str) -> None:
    if not SLUG.match(slug):
        raise SlugMalformed(slug=slug)
    if re.match(RESERVED_FORM, slug) or skeleton(slug) in RESERVED_SKELETONS:
        raise SlugReserved(slug=slug)


def slug_must_be_free(slug: str) -> None:
    """A pending tenant does not occupy its name: onboarding it again continues its setup. Names that look like it are
    occupied."""
    if Tenant.objects.filter(slug=slug).exclude(state=Tenant.State.PENDING).exists():
        raise SlugTaken(slug=slug)
    alike = Tenant.objects.alias(form=skeleton_in_database("slug")).filter(form=skeleton(slug))
    if other := alike.exclude(slug=slug).first():
        raise SlugConfusable(slug=slug, other=other.slug)


def database_must_be_known(key: str) -> None:
    if key not in databases.known():
        raise DatabaseUnknown(key=key)


def tenant_must_be_movable(tenant: Tenant, to: str) -> None:
    database_must_be_known(to)
    if tenant.pinned:
        raise TenantIsPinned(name=tenant.name, database=tenant.database)


def transition_must_be_allowed(tenant: Tenant, state: State) -> None:
    if not tenant.may_become(state):
        raise TenantCannotBecome(
            name=tenant.name, state=tenant.get_state_display().lower(), to=state.label.lower()
        )


def tenant_must_be_pending(tenant: Tenant) -> None:
    if tenant.state != Tenant.State.PENDING:
        raise TenantIsNotPending(name=tenant.name)


def mode_must_exist(mode: str) -> Mode:
    if mode not in Mode.values:
        raise ModeUnknown(mode=mode)
    return Mode(mode)


def tenant_must_exist(tenant_id: int) -> Tenant:
    """The tenant, locked until the transaction ends."""
    tenant = Tenant.objects.select_for_update().filter(pk=tenant_id).first()
    if tenant is None:
        raise TenantUnknown(slug=tenant_id)
    return tenant
