"""Reactions of flags: notices about rollouts, and previews that the request for a change set did not compute."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.bus import dispatch
from apps.events import listens_to
from apps.kernel.actors import Steward
from apps.notices.commands import SendAnnouncement

from . import queries
from .commands import PreviewChangeSet
from .events import FeatureFlagRolloutProgressed, FeatureFlagsProposed
from .models import Flag, Rollout

ACTOR = Steward("Feature flags")


@listens_to(FeatureFlagRolloutProgressed, queue="low")
def announce_stopped_rollout(event: FeatureFlagRolloutProgressed) -> None:
    """To the owner of the flag, when a guard or the schedule stopped its rollout."""
    flag = Flag.objects.filter(key=event.flag).first()
    if flag is None or not event.by_system or event.state not in ("paused", "rolled_back"):
        return
    state = str(Rollout.State(event.state).label).lower()
    command = SendAnnouncement(
        kind="feature_flag.rollout",
        subject=gettext("The rollout of {key} is {state}").format(key=event.flag, state=state),
        text=gettext("{reason}\n\nIt is at {percentage:g} %.").format(
            reason=event.reason, percentage=event.targeting["percentage"]
        ),
        to=(flag.owner,),
    )
    dispatch(command, actor=ACTOR)


@listens_to(FeatureFlagsProposed, own_transactions=True)
def compute_preview(event: FeatureFlagsProposed) -> None:
    """Outside of any transaction: it reads all tenants."""
    change_set = queries.change_set_with_id(event.change_set_id)
    if change_set is not None and change_set.is_draft and change_set.preview is None:
        dispatch(PreviewChangeSet(change_set_id=change_set.pk), actor=ACTOR)
