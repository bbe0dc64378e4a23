"""Listeners that advance runs."""

from apps.events import listens_to

from .events import SagaDue
from .executor import advance


@listens_to(SagaDue, own_transactions=True)
def advance_run(event: SagaDue) -> None:
    """In the queue of the saga."""
    advance(event.run_id, resumed=event.resumed)
