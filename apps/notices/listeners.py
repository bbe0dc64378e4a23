"""Announcements of events of other apps. An event that is delivered twice is announced once: the notice commits with
the mark that the listener has handled it."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.bus import dispatch
from apps.events import listens_to
from apps.identity.events import RefreshTokenReused, SupportSessionOpened
from apps.kernel.actors import Steward
from apps.tenancy.events import TenantQueuedForDeletion, TenantSuspended

from . import kinds, queries
from .commands import SendAnnouncement
from .hooks import Kind
from .rules import MAX_TEXT_LENGTH

ACTOR = Steward("Notices")


def _announce(kind: Kind, subject: str, text: str, *to: str) -> None:
    command = SendAnnouncement(kind=kind.name, subject=subject, text=text[:MAX_TEXT_LENGTH], to=to)
    dispatch(command, actor=ACTOR)


@listens_to(TenantSuspended, queue="low")
def announce_suspension(event: TenantSuspended) -> None:
    """To the operators. The tenant's administrators are notified by the saga that suspends it."""
    _announce(
        kinds.TENANT_SUSPENDED,
        gettext("{slug} is suspended").format(slug=event.slug),
        gettext("The tenant {slug} was suspended: {reason}").format(slug=event.slug, reason=event.reason),
        queries.OPERATORS,
    )


@listens_to(TenantQueuedForDeletion, queue="low")
def announce_deletion(event: TenantQueuedForDeletion) -> None:
    _announce(
        kinds.TENANT_QUEUED_FOR_DELETION,
        gettext("{slug} will be erased").format(slug=event.slug),
        gettext("The tenant {slug} was queued for deletion: {reason}").format(
            slug=event.slug, reason=event.reason
        ),
        queries.OPERATORS,
    )


@listens_to(SupportSessionOpened, queue="low")
def announce_support_session(event: SupportSessionOpened) -> None:
    _announce(
        kinds.SUPPORT_SESSION_OPENED,
        gettext("Support session in your tenant"),
        gettext(
            "{operator} of the platform's support opened a session as {user_name}: {reason}\n\n"
            "The session ends by {ends_at:%d %B %Y, %H:%M} UTC. Its actions are in your audit log, under both names."
        ).format(
            operator=event.operator, user_name=event.user_name, reason=event.reason, ends_at=event.ends_at
        ),
        "owner",
    )


@listens_to(RefreshTokenReused, queue="low")
def announce_reused_token(event: RefreshTokenReused) -> None:
    address = queries.address_of(event.user_id)
    if not address:
        return
    _announce(
        kinds.TOKEN_REUSED,
        gettext("A session of yours was ended"),
        gettext(
            "Its refresh token was used twice ({device}), so it may have been stolen."
            " Sign in again; if you do not recognise the device, choose a new password."
        ).format(device=event.device or gettext("an unnamed device")),
        address,
    )
