"""What makes runs go on."""

from apps.events import listens_to

from .events import FinancialSagaDue, SagaDue
from .executor import advance


@listens_to(SagaDue, own_transactions=True)
def go_on(event: SagaDue) -> None:
    advance(event.run_id, woken=event.woken)


@listens_to(FinancialSagaDue, queue="financial", own_transactions=True)
def go_on_with_money(event: FinancialSagaDue) -> None:
    advance(event.run_id, woken=event.woken)
