"""Rules of tenants."""

from __future__ import annotations

import re

from apps.kernel.db import databases
from apps.kernel.text import is_visible

from .errors import (
    DatabaseUnknown,
    HostTaken,
    ModeUnknown,
    SlugConfusable,
    SlugMalformed,
    SlugReserved,
    SlugTaken,
    SlugWasUsed,
    TenantCannotBecome,
    TenantIsNotPending,
    TenantIsPinned,
    TenantNameMissing,
    TenantNotReady,
    TenantUnknown,
)
from .models import Domain, FormerSlug, Tenant
from .states import Mode, State
from .tenant_names import RESERVED_FORM, RESERVED_SKELETONS, skeleton, skeleton_in_database

SLUG = re.compile(r"\A[a-z][a-z0-9-]{0,38}[a-z0-9]\Z")


def slug_must_be_well_formed(slug: str) -> None:
    if not SLUG.match(slug):
        raise SlugMalformed(slug=slug)
    if re.match(RESERVED_FORM, slug) or skeleton(slug) in RESERVED_SKELETONS:
        raise SlugReserved(slug=slug)


def slug_must_be_free(slug: str, tenant_id: int = 0) -> None:
    """A pending tenant does not occupy its name: onboarding it again continues its setup. Names that look like it are
    occupied, and former names of others.

    tenant_id  the id that the tenant had and will have again, after a restore
    """
    if Tenant.objects.filter(slug=slug).exclude(state=Tenant.State.PENDING).exists():
        raise SlugTaken(slug=slug)
    alike = Tenant.objects.alias(form=skeleton_in_database("slug")).filter(form=skeleton(slug))
    if other := alike.exclude(slug=slug).first():
        raise SlugConfusable(slug=slug, other=other.slug)
    slug_must_not_be_of_former_tenant(slug, tenant_id)


def slug_must_be_free_for(tenant: Tenant, slug: str) -> None:
    """The tenant may have its own former names again."""
    alike = Tenant.objects.alias(form=skeleton_in_database("slug")).filter(form=skeleton(slug))
    if other := alike.exclude(pk=tenant.pk).first():
        raise SlugTaken(slug=slug) if other.slug == slug else SlugConfusable(slug=slug, other=other.slug)
    slug_must_not_be_of_former_tenant(slug, tenant.pk)


def slug_must_not_be_of_former_tenant(slug: str, tenant_id: int = 0) -> None:
    """No other tenant had the name, or one that looks like it."""
    alike = FormerSlug.objects.alias(form=skeleton_in_database("slug")).filter(form=skeleton(slug))
    if alike.exclude(tenant_id=tenant_id).exists():
        raise SlugWasUsed(slug=slug)


def host_must_be_free(host: str, tenant_id: int = 0) -> None:
    """No other tenant has the host name."""
    if Domain.objects.filter(domain=host).exclude(tenant_id=tenant_id).exists():
        raise HostTaken(host=host)


def tenant_must_be_set_up(tenant: Tenant) -> None:
    if tenant.state == Tenant.State.PENDING:
        raise TenantNotReady(name=tenant.name)


def tenant_must_be_named(name: str) -> None:
    if not is_visible(name):
        raise TenantNameMissing


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
