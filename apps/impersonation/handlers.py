"""Opening and ending support access.

No transaction covers the rows of the platform and of the tenant, so safety depends on the order of the steps. Opening:
redeem the ticket, record the session in the tenant, sign in. Ending: revoke the access, record the end in the tenant,
mark the impersonation as settled. A crash between two steps removes access, or leaves the end to the sweep; it never
opens a second session.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

from django.db import transaction

from apps.bus import dispatch, handles
from apps.events import publish
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.db.tenant_transaction import within
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import together
from apps.kernel.random_tokens import digest_of, new_token
from apps.kernel.reasons import reason_must_be_given
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy import directory

from . import queries, rules
from .commands import (
    CloseImpersonation,
    CloseSupportSession,
    EndImpersonation,
    EnterAsSupport,
    OpenSupportSession,
    UseTicket,
)
from .errors import ReasonMissing, SupportSessionIsOver, SupportSessionUnknown
from .events import SupportSessionClosed, SupportSessionOpened
from .models import TICKET_PURPOSE, EndReason, Impersonation, SupportSession

TICKET_LIFETIME = dt.timedelta(seconds=60)


def prerequisites(command: EnterAsSupport) -> tuple[str, TenantInfo | None]:
    """The rules of the platform. Those of the tenant run when the command is executed."""
    with together() as checks:
        checks.check(rules.actor_must_be_an_operator)
        reason = checks.check(reason_must_be_given, command.reason, ReasonMissing)
        tenant = checks.check(rules.tenant_must_let_people_sign_in, command.tenant_id)
    return reason or "", tenant


@handles(EnterAsSupport, dry_run=prerequisites)
def enter_as_support(command: EnterAsSupport) -> Impersonation:
    reason, tenant = prerequisites(command)
    operator = rules.actor_must_be_an_operator()
    as_manager = rules.may_impersonate_managers(operator)
    with within(tenant):
        rules.support_access_must_be_allowed()
        user = rules.user_must_allow_impersonation(command.user_id, as_manager=as_manager)

    ticket, instant = new_token(), now()
    with unit_of_work():
        rules.operator_must_be_outside_tenants(operator)
        impersonation = Impersonation.objects.create(
            operator_id=operator.pk,
            operator_name=str(operator),
            tenant_id=command.tenant_id,
            tenant_name=str(tenant),
            epoch=tenant.epoch if tenant else 0,
            user_id=user.pk,
            user_name=str(user),
            reason=reason,
            ticket=digest_of(TICKET_PURPOSE, ticket),
            requested_at=instant,
            ticket_expires_at=instant + TICKET_LIFETIME,
        )

    impersonation.new_ticket = ticket
    return impersonation


@handles(UseTicket)
def use_ticket(command: UseTicket) -> Impersonation:
    impersonation = rules.ticket_must_open(command.ticket, command.tenant_id)
    operator = queries.active_operator(impersonation.operator_id)
    if end_reason := queries.due_end_reason(impersonation, operator):
        raise SupportSessionIsOver(end_reason=end_reason.label)
    return impersonation


@handles(EndImpersonation, dry_run=lambda command: rules.impersonation_must_exist(command.impersonation_id))
def end_impersonation(command: EndImpersonation) -> Impersonation:
    reason_must_be_given(command.reason, ReasonMissing)
    impersonation = rules.impersonation_must_exist(command.impersonation_id)
    return _end_and_settle(impersonation, EndReason.ENDED)


@handles(CloseImpersonation, dry_run=lambda command: rules.impersonation_must_exist(command.impersonation_id))
def close_impersonation(command: CloseImpersonation) -> Impersonation:
    end_reason = rules.end_reason_must_be_known(command.end_reason)
    impersonation = rules.impersonation_must_exist(command.impersonation_id)
    return _end_and_settle(impersonation, end_reason)


@handles(OpenSupportSession, emits=(SupportSessionOpened,))
def open_support_session(command: OpenSupportSession) -> SupportSession:
    rules.support_access_must_be_allowed()
    user = rules.user_must_allow_impersonation(command.user_id, as_manager=command.as_manager)

    support_session = SupportSession.objects.create(
        number=command.number,
        operator=command.operator,
        user_id=user.pk,
        user_name=str(user),
        reason=command.reason,
        entered_at=now(),
        ends_at=command.ends_at,
    )

    publish(
        SupportSessionOpened(
            number=support_session.number,
            operator=support_session.operator,
            user_id=user.pk,
            user_name=support_session.user_name,
            reason=support_session.reason,
            ends_at=support_session.ends_at,
        )
    )
    return support_session


@handles(CloseSupportSession, emits=(SupportSessionClosed,))
def close_support_session(command: CloseSupportSession) -> SupportSession:
    end_reason = rules.end_reason_must_be_known(command.end_reason)
    support_session = rules.support_session_must_be_open(command.number)

    support_session.close(end_reason, queries.actions_of(support_session))

    publish(
        SupportSessionClosed(
            number=support_session.number,
            operator=support_session.operator,
            user_name=support_session.user_name,
            end_reason=support_session.end_reason,
            actions=support_session.actions or 0,
        )
    )
    return support_session


def _end_and_settle(impersonation: Impersonation, end_reason: EndReason) -> Impersonation:
    """Idempotent: the first end reason is final, and missing rows are written."""
    with unit_of_work():
        impersonation.end(end_reason)
    if impersonation.settled_at is None:
        actions = _close_in_tenant(impersonation)
        with unit_of_work():
            impersonation.settle(actions)
    return impersonation


def _close_in_tenant(impersonation: Impersonation) -> int:
    """Records the end in the tenant and returns the number of actions; 0 without a session or a tenant."""
    tenant = directory.by_id(impersonation.tenant_id)
    if tenant is None or impersonation.entered_at is None:
        return 0
    with activate(tenant):
        if _last_support_session(impersonation, ended_at=None):
            close = CloseSupportSession(number=impersonation.pk, end_reason=impersonation.end_reason)
            with suppress(SupportSessionUnknown):  # recorded concurrently
                dispatch(close, actor=System(f"{impersonation.operator_name} (platform)"))
        support_session = _last_support_session(impersonation)
        return (support_session.actions or 0) if support_session else 0


def _last_support_session(impersonation: Impersonation, **filters: Any) -> SupportSession | None:
    with transaction.atomic():
        return SupportSession.objects.filter(number=impersonation.pk, **filters).last()
