"""Marks overdue invitations, whose links are void already."""

from apps.bus import dispatch
from apps.identity.commands import ExpireInvitations
from apps.kernel.actors import System
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import LowTask

from .models import Invitation

INTERVAL_S = 3600
ACTOR = System("System (invitations)")


@every(seconds=INTERVAL_S, base=LowTask, name="identity.expire_invitations")
def expire_invitations() -> None:
    if Invitation.objects.overdue().exists():
        dispatch(ExpireInvitations(), actor=ACTOR)
