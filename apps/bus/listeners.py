"""Listeners that execute commands on the workers of their queue."""

from apps.events import listens_to

from .events import (
    AuditCommandSent,
    BillingCommandSent,
    CommandSent,
    FinancialCommandSent,
    LowCommandSent,
)
from .sending import do


@listens_to(CommandSent, queue="default")
def do_default(event: CommandSent) -> None:
    do(event)


@listens_to(FinancialCommandSent, queue="financial")
def do_financial(event: FinancialCommandSent) -> None:
    do(event)


@listens_to(BillingCommandSent, queue="billing")
def do_billing(event: BillingCommandSent) -> None:
    do(event)


@listens_to(AuditCommandSent, queue="audit")
def do_audit(event: AuditCommandSent) -> None:
    do(event)


@listens_to(LowCommandSent, queue="low")
def do_low(event: LowCommandSent) -> None:
    do(event)
