"""Validation of kills, their reviews and their ends."""

from __future__ import annotations

from collections.abc import Iterable

from apps.approvals import queries as approvals
from apps.flags import queries
from apps.flags.commands import ItemChange, ReviveFlag
from apps.flags.documents import FLAG, OVERRIDE, digest_of
from apps.flags.errors import AlreadyKilled, FlagIsKilled, KillFixed, KillNotFound, ReviewByAnotherPerson
from apps.flags.models import Kill
from apps.flags.rollouts import stages
from apps.kernel.actors import Actor, acting
from apps.kernel.errors import raise_all
from apps.kernel.tenant import current_tenant


def flag_must_not_be_killed(key: str) -> None:
    if Kill.objects.filter(key=key, revived_at=None).exists():
        raise AlreadyKilled(key=key)


def flag_must_not_be_retired_by(items: Iterable[ItemChange]) -> None:
    """A kill ends by its revival only, so that it has its review."""
    removed = [item.key for item in items if item.kind == FLAG and item.document is None]
    killed = Kill.objects.filter(key__in=removed, revived_at=None).values_list("key", flat=True)
    raise_all([FlagIsKilled(key=key) for key in sorted(killed)])


def kill_must_exist(kill_id: int) -> Kill:
    """Locks the kill."""
    kill = Kill.objects.select_for_update().filter(pk=kill_id).first()
    if kill is None:
        raise KillNotFound(kill_id=kill_id)
    return kill


def kill_must_be_active(kill_id: int) -> Kill:
    kill = kill_must_exist(kill_id)
    if not kill.is_active:
        raise KillFixed(kill_id=kill_id)
    return kill


def kill_must_lack_review(kill_id: int) -> Kill:
    kill = kill_must_exist(kill_id)
    if kill.reviewed_at is not None:
        raise KillFixed(kill_id=kill_id)
    return kill


def another_person_must_act(kill: Kill) -> Actor:
    """A person, by account and by mailbox: one person may have several accounts."""
    actor = acting()
    if actor is None or actor.pk is None:
        raise ReviewByAnotherPerson
    authors = [kill.killed_by_id] if kill.killed_by_id else []
    if actor.pk in authors or approvals.mailboxes_of([actor.pk]) & approvals.mailboxes_of(authors):
        raise ReviewByAnotherPerson
    return actor


def base_of_revival(command: ReviveFlag) -> str:
    """The kill, and what would be served again: the revision, and on the platform the stage that its rollout has
    reached. After another publication or step an approval is void."""
    kill = Kill.objects.filter(pk=command.kill_id).first()
    if kill is None:
        return ""
    revision = queries.latest(OVERRIDE if current_tenant() else FLAG, kill.key)
    targeting = {} if current_tenant() else stages.served_targeting(kill.key)
    return digest_of([kill.pk, kill.is_active, revision.pk if revision else 0, targeting])
