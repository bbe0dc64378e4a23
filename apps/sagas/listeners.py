"""Listeners that advance runs, one for each queue."""

from apps.events import listens_to

from .events import FinancialSagaDue, SagaDue
from .executor import advance


@listens_to(SagaDue, own_transactions=True)
def advance_run(event: SagaDue) -> None:
    advance(event.run_id, resumed=event.resumed)


@listens_to(FinancialSagaDue, queue="financial", own_transactions=True)
def advance_financial_run(event: FinancialSagaDue) -> None:
    advance(event.run_id, resumed=event.resumed)
