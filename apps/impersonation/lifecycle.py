"""Opening and ending support sessions, for the entry points. Must be called outside of transactions."""

from __future__ import annotations

import logging

from apps.bus import dispatch
from apps.kernel.actors import Actor, System, impersonated_by
from apps.kernel.errors import Refusal
from apps.kernel.tenant import TenantInfo, activate

from . import queries, rules
from .commands import CloseImpersonation, OpenSupportSession, UseTicket
from .models import EndReason, Impersonation, SupportSession

PLATFORM = System("The platform")
log = logging.getLogger("bursar.support")


def admit(ticket: str, tenant: TenantInfo) -> SupportSession:
    """Redeem the ticket and open the session. Raises TicketInvalid, and the refusals of the tenant."""
    with activate(None):
        use = UseTicket(ticket=ticket, tenant_id=tenant.id)
        impersonation: Impersonation = dispatch(use, actor=System(f"Support sign-in of {tenant}"))
        operator = queries.active_operator(impersonation.operator_id)
        as_manager = rules.may_impersonate_managers(operator)
    try:
        with activate(tenant):
            return _open(impersonation, as_manager=as_manager)
    except Refusal:
        end(impersonation.pk, EndReason.REFUSED)
        raise


def session_status(number: int) -> tuple[EndReason | None, bool]:
    """The reason for the end of the session, if it is over, and whether its operator may impersonate managers."""
    with activate(None):
        impersonation = Impersonation.objects.filter(pk=number).first()
        if impersonation is None:
            return EndReason.ENDED, False
        operator = queries.active_operator(impersonation.operator_id)
        return queries.due_end_reason(impersonation, operator), rules.may_impersonate_managers(operator)


def end(number: int, end_reason: EndReason, *, by: Actor = PLATFORM) -> Impersonation:
    with impersonated_by(None), activate(None):
        ended: Impersonation = dispatch(
            CloseImpersonation(impersonation_id=number, end_reason=end_reason), actor=by
        )
    return ended


def sweep() -> int:
    """End overdue sessions, record each missing end in its tenant, and return their number."""
    ended = 0
    for impersonation in list(Impersonation.objects.unsettled().order_by("pk")):
        end_reason = queries.due_end_reason(impersonation, queries.active_operator(impersonation.operator_id))
        if end_reason is None:
            continue
        try:
            end(impersonation.pk, end_reason)
            ended += 1
        except Exception:  # an unavailable tenant must not block the others
            log.exception("Support session %s could not be ended; the next sweep retries.", impersonation.pk)
    return ended


def _open(impersonation: Impersonation, *, as_manager: bool) -> SupportSession:
    assert impersonation.ends_at  # noqa: S101 - it was entered
    command = OpenSupportSession(
        number=impersonation.pk,
        operator=impersonation.operator_name,
        user_id=impersonation.user_id,
        as_manager=as_manager,
        reason=impersonation.reason,
        ends_at=impersonation.ends_at,
    )
    support_session: SupportSession = dispatch(
        command, actor=System(f"{impersonation.operator_name} (platform)")
    )
    return support_session
