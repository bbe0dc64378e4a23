"""How a journey is asked for: it sets out once, or goes on where it was cut off, and somebody may wait for its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from typing import Any, Protocol

from django.db import connection

from apps.kernel.clock import today
from apps.kernel.locks import Lock
from apps.kernel.plain import to_plain
from apps.kernel.tenant import TenantInfo
from apps.kernel.transactions import unit_of_work, within
from apps.sagas import Saga, ScopedCommand
from apps.sagas import queries as sagas
from apps.sagas.errors import RunIsBusy, SagaHasEnded
from apps.sagas.executor import run_inline
from apps.sagas.models import Run
from apps.sagas.runs import begin, resume
from apps.tenancy.hooks import Contributions, Transition
from apps.tenancy.models import Tenant

from .commands import TellAdministrators
from .errors import JourneyDiffers, JourneyTakenBack, JourneyUnderWay

JOURNEYS = Lock("journeys:{subject}")


def subject_of(slug: str) -> str:
    """What all journeys of one tenant are about."""
    return f"tenant:{slug}"


def travel(saga: Saga, data: Any, *, slug: str) -> Run:
    """Go as far as the journey goes now, in this process. Returns the run: done, waiting, or left to the workers after
    its pivot. Raises what stopped it, when everything is taken back, or JourneyUnderWay: another one of the tenant's.
    """
    run = set_out(saga, data, slug=slug)
    came = _drive(run)
    if came.state == Run.State.COMPENSATED:  # it had been on its way back already; now the way is free
        came = _drive(set_out(saga, data, slug=slug))
    if came.direction == Run.Direction.COMPENSATING:
        raise JourneyTakenBack(journey=saga.title, slug=slug, why=came.last_error)
    return came


def set_out(saga: Saga, data: Any, *, slug: str, inline: bool = True) -> Run:
    """Begin the journey, unless it has begun already. A tenant is on one journey at a time."""
    subject = subject_of(slug)
    with unit_of_work():
        with connection.cursor() as cursor:
            JOURNEYS.key(subject=subject).hold(cursor)
        for other in sagas.in_progress().filter(subject=subject).exclude(saga=saga.name):
            raise JourneyUnderWay(journey=sagas.title_of(other), slug=slug, step=other.step)
        run = begin(saga, data, subject=subject, inline=inline)
        if run.direction == Run.Direction.FORWARD and not _is_same(run, data):
            raise JourneyDiffers(journey=saga.title, slug=slug, step=run.step)
    return run


def _is_same(run: Run, data: Any) -> bool:
    """Whether what is asked is what was asked: the fields without a default. The others are what steps find out."""
    asked = to_plain(data)
    return all(
        run.data.get(field.name) == asked[field.name] for field in fields(data) if field.default is MISSING
    )


def _drive(run: Run) -> Run:
    try:
        return run_inline(run.pk)
    except (RunIsBusy, SagaHasEnded) as busy:
        slug = run.subject.partition(":")[2]
        raise JourneyUnderWay(journey=sagas.title_of(run), slug=slug, step=run.step) from busy


def wake_due_erasures() -> int:
    """Returns how many looked."""
    due = Tenant.objects.filter(state=Tenant.State.DELETING, delete_after__lte=today())
    with unit_of_work():
        return sum(resume(subject_of(each.slug)) for each in due)


def tenant(tenant_id: int) -> TenantInfo:
    """As its row says now."""
    return Tenant.objects.get(pk=tenant_id).info


class _About(Protocol):
    @property
    def tenant(self) -> TenantInfo: ...


def part(
    of: Contributions[Any], name: str, about: Callable[[Any], _About]
) -> Callable[[Any], Iterable[ScopedCommand]]:
    """The errand that has every app do its part. What an app answers is made where it will be done."""

    def ask(data: Any) -> Iterable[ScopedCommand]:
        what = about(data)
        for contribution in of.to(name):
            place = None if contribution.on_platform else what.tenant
            with within(place):
                commands = tuple(contribution.commands(what))
            yield from (ScopedCommand(command, place) for command in commands)

    return ask


def tell(news: str, about: Callable[[Any], Transition]) -> Callable[[Any], Iterable[ScopedCommand]]:
    """The errand that has those in charge at the tenant told what becomes of it."""

    def ask(data: Any) -> Iterable[ScopedCommand]:
        transition = about(data)
        yield ScopedCommand(
            TellAdministrators(tenant_id=transition.tenant.id, news=news, reason=transition.reason)
        )

    return ask
