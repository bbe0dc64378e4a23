"""Kills: a flag is off at once. Their reviews and their ends."""

from __future__ import annotations

from apps.bus import handles
from apps.events import publish
from apps.flags.commands import KillFlag, ReviewKill, ReviveFlag
from apps.flags.errors import ReasonMissing
from apps.flags.events import FeatureFlagDisabled, FeatureFlagRevived
from apps.flags.models import Kill
from apps.flags.rules import kills, register
from apps.flags.store import freshness
from apps.kernel.actors import acting
from apps.kernel.clock import now
from apps.kernel.reasons import reason_must_be_given


@handles(KillFlag, emits=(FeatureFlagDisabled,))
def kill_flag(command: KillFlag) -> Kill:
    reason = reason_must_be_given(command.reason, ReasonMissing)
    register.flag_must_exist(command.key)
    kills.flag_must_not_be_killed(command.key)

    author = acting()
    kill = Kill.objects.create(
        key=command.key,
        reason=reason,
        killed_at=now(),
        killed_by_id=author.pk if author else None,
        killed_by_name=str(author)[:200],
    )
    freshness.changed()

    publish(FeatureFlagDisabled(key=kill.key, kill_id=kill.pk))
    return kill


@handles(ReviewKill)
def review_kill(command: ReviewKill) -> Kill:
    review = reason_must_be_given(command.review, ReasonMissing)
    kill = kills.kill_must_lack_review(command.kill_id)
    reviewer = kills.another_person_must_act(kill)

    kill.change(
        reviewed_at=now(), reviewed_by_id=reviewer.pk, reviewed_by_name=str(reviewer)[:200], review=review
    )
    return kill


def check_revival(command: ReviveFlag) -> Kill:
    """The dry run. The revival itself needs an approval in the database."""
    reason_must_be_given(command.reason, ReasonMissing)
    return kills.kill_must_be_active(command.kill_id)


@handles(ReviveFlag, emits=(FeatureFlagRevived,), dry_run=check_revival, base_revision=kills.base_of_revival)
def revive_flag(command: ReviveFlag) -> Kill:
    kill = check_revival(command)

    kill.change(revived_at=now(), revived_by_name=str(acting())[:200], revival_reason=command.reason)
    freshness.changed()

    publish(FeatureFlagRevived(key=kill.key, kill_id=kill.pk))
    return kill
