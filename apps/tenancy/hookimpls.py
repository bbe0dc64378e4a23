"""What tenancy plugs in: the audit log of a tenant at rest is archived as far as it may be; and the handlers of its
rooms, which are found by name only in the app itself."""

from collections.abc import Iterable
from contextlib import suppress

from apps.audit import rules as audit
from apps.audit.commands import ArchiveAuditLog
from apps.audit.errors import NothingToArchive
from apps.kernel.clock import today

from .databases import handlers as _databases  # noqa: F401
from .erasure import handlers as _erasure  # noqa: F401
from .hooks import Turn, on_archive, on_suspend
from .transfer import handlers as _transfer  # noqa: F401


@on_suspend("data")
@on_archive("data")
def archive_audit_log(turn: Turn) -> Iterable[ArchiveAuditLog]:
    """What is past its time goes to the object store; younger records stay."""
    with suppress(NothingToArchive):
        audit.something_must_be_due(today())
        yield ArchiveAuditLog(before=today(), reason=turn.reason)
