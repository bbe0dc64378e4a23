"""How an operator comes in and goes out.

No transaction holds the platform's rows and the tenant's, so the order of the steps keeps the promise. In: the ticket
is burnt, then the tenant writes, then somebody is signed in. Out: access ends, then the tenant writes, then that is
noted. A crash between two steps loses access, or leaves an end to the sweep; it never lets anybody in twice.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import transaction

from apps.bus import dispatch, handles
from apps.events import publish
from apps.identity.events import SupportEntered, SupportLeft
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.tenant import TenantInfo, activate
from apps.kernel.transactions import unit_of_work, within
from apps.tenancy import directory

from . import queries, rules, tickets
from .commands import (
    CloseImpersonation,
    CloseVisit,
    EndImpersonation,
    EnterAsSupport,
    OpenVisit,
    UseTicket,
)
from .errors import VisitIsOver, VisitUnknown
from .models import How, Impersonation, Visit


def prerequisites(command: EnterAsSupport) -> tuple[str, TenantInfo | None]:
    """What the platform alone can say. What the tenant says is asked when it is done."""
    with together() as asked:
        asked.check(rules.actor_must_be_an_operator)
        reason = asked.check(rules.reason_must_be_given, command.reason)
        tenant = asked.check(rules.tenant_must_let_people_sign_in, command.tenant_id)
    return reason or "", tenant


@handles(EnterAsSupport, dry_run=prerequisites)
def enter_as_support(command: EnterAsSupport) -> Impersonation:
    reason, tenant = prerequisites(command)
    operator = rules.actor_must_be_an_operator()
    as_manager = rules.may_enter_as_manager(operator)
    with within(tenant):
        rules.support_must_be_welcome()
        user = rules.user_must_be_open_to_support(command.user_id, as_manager=as_manager)

    ticket, instant = tickets.new(), now()
    with unit_of_work():
        rules.operator_must_be_outside(operator)
        impersonation = Impersonation.objects.create(
            operator_id=operator.pk,
            operator_name=str(operator),
            tenant_id=command.tenant_id,
            tenant_name=str(tenant),
            epoch=tenant.epoch if tenant else 0,
            user_id=user.pk,
            user_name=str(user),
            reason=reason,
            ticket=tickets.hashed(ticket),
            asked_at=instant,
            ticket_until=instant + tickets.GOOD_FOR,
        )

    impersonation.new_ticket = ticket
    return impersonation


@handles(UseTicket)
def use_ticket(command: UseTicket) -> Impersonation:
    impersonation = rules.ticket_must_open(command.ticket, command.tenant_id)
    operator = queries.operator_numbered(impersonation.operator_id)
    if how := queries.why_over(impersonation, operator):
        raise VisitIsOver(how=how.label)
    return impersonation


@handles(EndImpersonation, dry_run=lambda command: rules.impersonation_must_exist(command.impersonation_id))
def end_impersonation(command: EndImpersonation) -> Impersonation:
    rules.reason_must_be_given(command.reason)
    impersonation = rules.impersonation_must_exist(command.impersonation_id)
    return _out(impersonation, How.ENDED)


@handles(CloseImpersonation, dry_run=lambda command: rules.impersonation_must_exist(command.impersonation_id))
def close_impersonation(command: CloseImpersonation) -> Impersonation:
    how = rules.ending_must_be_known(command.how)
    impersonation = rules.impersonation_must_exist(command.impersonation_id)
    return _out(impersonation, how)


@handles(OpenVisit, emits=(SupportEntered,))
def open_visit(command: OpenVisit) -> Visit:
    rules.support_must_be_welcome()
    user = rules.user_must_be_open_to_support(command.user_id, as_manager=command.as_manager)

    visit = Visit.objects.create(
        number=command.number,
        operator=command.operator,
        user_id=user.pk,
        user_name=str(user),
        reason=command.reason,
        entered_at=now(),
        ends_at=command.ends_at,
    )

    publish(
        SupportEntered(
            number=visit.number,
            operator=visit.operator,
            user_id=user.pk,
            user_name=visit.user_name,
            reason=visit.reason,
            ends_at=visit.ends_at,
        )
    )
    return visit


@handles(CloseVisit, emits=(SupportLeft,))
def close_visit(command: CloseVisit) -> Visit:
    how = rules.ending_must_be_known(command.how)
    visit = rules.visit_must_be_open(command.number)

    visit.close(how, queries.actions_of(visit))

    publish(
        SupportLeft(
            number=visit.number,
            operator=visit.operator,
            user_name=visit.user_name,
            how=visit.how,
            actions=visit.actions or 0,
        )
    )
    return visit


def _out(impersonation: Impersonation, how: How) -> Impersonation:
    """Right when it is done again, by whomever: the first ending stays, and what is missing is written."""
    with unit_of_work():
        impersonation.end(how)
    if impersonation.settled_at is None:
        actions = _written_in_the_tenant(impersonation)
        with unit_of_work():
            impersonation.settle(actions)
    return impersonation


def _written_in_the_tenant(impersonation: Impersonation) -> int:
    """How much was done there. Where nobody came in, or the tenant is gone, nothing is written."""
    tenant = directory.by_id(impersonation.tenant_id)
    if tenant is None or impersonation.entered_at is None:
        return 0
    with activate(tenant):
        if _last_visit(impersonation, ended_at=None):
            close = CloseVisit(number=impersonation.pk, how=impersonation.how)
            with suppress(VisitUnknown):  # somebody else has just written it
                dispatch(close, actor=System(f"{impersonation.operator_name} (platform)"))
        written = _last_visit(impersonation)
        return (written.actions or 0) if written else 0


def _last_visit(impersonation: Impersonation, **known: Any) -> Visit | None:
    with transaction.atomic():
        return Visit.objects.filter(number=impersonation.pk, **known).last()
