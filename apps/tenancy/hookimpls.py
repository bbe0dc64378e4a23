"""What tenancy plugs in: the audit log of a suspended or archived tenant goes to cold storage. The import loads the
handlers of the subpackage, since the bus looks for handlers in the app itself only."""

from collections.abc import Iterable
from contextlib import suppress

from apps.audit import rules as audit
from apps.audit.commands import MoveToColdStorage
from apps.audit.errors import NothingDueForColdStorage
from apps.kernel.clock import today

from .erasure import handlers as _erasure  # noqa: F401
from .hooks import Transition, on_archival, on_suspension


@on_suspension("data")
@on_archival("data")
def move_to_cold_storage(transition: Transition) -> Iterable[MoveToColdStorage]:
    """Records that are due go to cold storage; younger ones stay."""
    with suppress(NothingDueForColdStorage):
        audit.records_must_be_due(today())
        yield MoveToColdStorage(before=today(), reason=transition.reason)
