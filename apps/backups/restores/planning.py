"""The plan of a restore as a new tenant: what the tenant is, decided before anything is loaded.

| | under its former id | beside its source | as a sandbox |
| --- | --- | --- | --- |
| when | its id and short name are free | otherwise | of a clone |
| state | as in the backup; archived, if it was queued for deletion | active | active |
| mode | normal | read only, while the source exists | normal |
| end of trial, host names, undelivered events | as in the backup | none | none |
| owner's e-mail address | as in the backup | as in the backup | one without a mailbox |

Beside its source a tenant is read-only, so that no event is published and no payment charged twice, until an operator
changes its mode.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_date, parse_datetime

from apps.kernel.clock import now
from apps.tenancy import rules
from apps.tenancy.errors import SlugTaken
from apps.tenancy.models import Tenant
from apps.tenancy.states import Mode, State

BEING_RESTORED = "Restore in progress."
"""The reason in the row of a tenant until its restore is complete."""
SANDBOX_OWNER_EMAIL = "owner@sandbox.invalid"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The request: where a backup file is restored to."""

    slug: str
    database: str
    name: str = ""
    sandbox_of: Tenant | None = None


@dataclass(frozen=True, kw_only=True)
class Existing:
    """The rows that the plan depends on.

    interrupted  the id of the row that an interrupted restore under the same short name left
    has_source   whether the id of the backup is in use
    """

    interrupted: int | None = None
    has_source: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The restored tenant.

    number      its id; None for the next one
    has_events  whether it delivers the undelivered events of the backup
    """

    target: Target
    number: int | None
    name: str
    owner_email: str
    region: str
    epoch: int
    created_at: dt.datetime
    state: State
    mode: Mode
    reason: str
    trial_ends_on: dt.date | None
    domains: tuple[str, ...]
    has_events: bool


def valid_plan(manifest: Mapping[str, Any], target: Target) -> Plan:
    """Under its former id a tenant may have its former names again. Raises the refusals of a short name or database."""
    rules.slug_must_be_well_formed(target.slug)
    plan = plan_of(manifest, target, existing_tenants(manifest, target.slug))
    rules.slug_must_be_free(target.slug, plan.number or 0)
    rules.database_must_be_known(target.database)
    return plan


def existing_tenants(manifest: Mapping[str, Any], slug: str) -> Existing:
    """Raises SlugTaken if the row with that short name has another purpose: it is being onboarded."""
    row = Tenant.objects.filter(slug=slug).first()
    if row and row.state_reason != BEING_RESTORED:
        raise SlugTaken(slug=slug)
    has_source = Tenant.objects.filter(pk=manifest["tenant"]["id"]).exists()
    return Existing(interrupted=row.pk if row else None, has_source=has_source)


def plan_of(manifest: Mapping[str, Any], target: Target, existing: Existing) -> Plan:
    source = manifest["tenant"]
    is_sandbox, continues = target.sandbox_of is not None, _continues(source, target, existing)
    is_beside_source = not is_sandbox and not continues and existing.has_source
    return Plan(
        target=target,
        number=source["id"] if continues else existing.interrupted,
        name=target.name or source["name"],
        owner_email=SANDBOX_OWNER_EMAIL if is_sandbox else source["owner_email"],
        region=source["region"],
        epoch=source["epoch"] + 1,
        created_at=(continues and parse_datetime(source["created_at"])) or now(),
        state=_state_after(source["state"]) if continues else State.ACTIVE,
        mode=Mode.READ_ONLY if is_beside_source else Mode.NORMAL,
        reason=f"Restored from the backup of {manifest['made_at']}.",
        trial_ends_on=parse_date(source["trial_ends_on"] or "") if continues else None,
        domains=_domains(manifest, target.slug) if continues else (_own_domain(target.slug),),
        has_events=continues,
    )


def _continues(source: Mapping[str, Any], target: Target, existing: Existing) -> bool:
    """Whether the restored tenant is the tenant of the backup, under its former id."""
    if target.sandbox_of or target.slug != source["slug"]:
        return False
    return existing.interrupted == source["id"] if existing.interrupted else not existing.has_source


def _state_after(state: str) -> State:
    """A tenant that was queued for deletion is restored as archived."""
    return State.ARCHIVED if state == State.DELETING else State(state)


def _own_domain(slug: str) -> str:
    return f"{slug}.{settings.BASE_DOMAIN}"


def _domains(manifest: Mapping[str, Any], slug: str) -> tuple[str, ...]:
    """Its own host name, which is the primary one, and those of the backup."""
    return tuple(dict.fromkeys([_own_domain(slug), *(domain for domain, _ in manifest["domains"])]))
