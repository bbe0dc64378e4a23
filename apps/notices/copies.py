"""Writing down what goes to whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.kernel.clock import now
from apps.kernel.correlation import correlation_id
from apps.kernel.ids import new_id

from . import hints
from .models import Copy, Notice, Target


def written(
    kind: str,
    subject: str,
    text: str,
    *,
    people: Iterable[str],
    targets: Iterable[Target],
    to: Sequence[str] = (),
    key: str = "",
) -> Notice:
    """The notice and its copies, which are sent once the change at hand is committed."""
    notice = Notice.objects.create(
        kind=kind,
        subject=subject,
        text=text,
        to=list(to),
        key=key,
        correlation_id=correlation_id() or "",
        created_at=now(),
    )
    letters = [_copy(notice, "email", address=address) for address in people]
    messages = [_copy(notice, "chat", target=target) for target in targets]
    Copy.objects.bulk_create([*letters, *messages])
    hints.after_commit(notice.pk)
    return notice


def _copy(notice: Notice, channel: str, address: str = "", target: Target | None = None) -> Copy:
    return Copy(
        notice=notice, channel=channel, address=address, target=target, ref=new_id().hex, next_at=now()
    )
