"""How notices do what they are asked."""

from __future__ import annotations

from apps.bus import handles
from apps.kernel import secrets
from apps.kernel.clock import now
from apps.kernel.errors import together

from . import channels, copies, hints, queries, rules
from .commands import AddTarget, RemoveTarget, ResealAddresses, SendCopyAgain, TellPeople, TryTarget
from .kinds import TEST
from .models import Copy, Notice, Target


@handles(TellPeople)
def tell_people(command: TellPeople) -> Notice:
    with together() as asked:
        asked.check(rules.kind_must_be_known, command.kind)
        asked.check(rules.channels_must_exist, command.channels)
        asked.check(rules.words_must_be_there, command.subject, command.text)
        people = asked.check(rules.people_must_be_known, command.to)
    if told := queries.told_under(command.key):
        return told

    return copies.written(
        command.kind,
        command.subject,
        command.text,
        people=people if "email" in command.channels else (),
        targets=Target.objects.hearing(command.kind) if "chat" in command.channels else (),
        to=command.to,
        key=command.key,
    )


@handles(SendCopyAgain)
def send_copy_again(command: SendCopyAgain) -> Copy:
    copy = rules.copy_must_exist(command.copy_id)
    rules.copy_must_be_at_rest(copy)
    rules.receiver_must_be_there(copy)

    copy.state, copy.attempts, copy.next_at, copy.done_at = Copy.State.WAITING, 0, now(), None
    copy.save(update_fields=["state", "attempts", "next_at", "done_at"])
    hints.after_commit(copy.notice_id)
    return copy


@handles(AddTarget)
def add_target(command: AddTarget) -> Target:
    with together() as asked:
        name = asked.check(rules.name_must_be_given, command.name)
        shown = asked.check(channels.chat.shown, command.address)
        asked.check(rules.kind_must_be_known, *command.kinds)

    target = Target.objects.create(name=name, shown=shown, kinds=sorted(set(command.kinds)), created_at=now())
    target.seal(command.address)
    target.save(update_fields=["sealed"])
    return target


@handles(RemoveTarget)
def remove_target(command: RemoveTarget) -> Target:
    rules.reason_must_be_given(command.reason)
    target = rules.target_must_be_there(command.target_id)

    target.remove()
    Copy.objects.filter(target=target, state=Copy.State.WAITING).update(
        state=Copy.State.DEAD, last_outcome="The target was removed.", done_at=now()
    )
    return target


@handles(TryTarget)
def try_target(command: TryTarget) -> Notice:
    target = rules.target_must_be_there(command.target_id)

    return copies.written(
        TEST.name, "A test", f"{target} can be told something here.", people=(), targets=[target]
    )


@handles(ResealAddresses)
def reseal_addresses(command: ResealAddresses) -> int:
    """How many were sealed anew."""
    changed = 0
    for target in Target.objects.active().select_for_update():
        before, target.sealed = target.sealed, secrets.resealed(target.sealed, target.context)
        if target.sealed != before:
            target.save(update_fields=["sealed"])
            changed += 1
    return changed
