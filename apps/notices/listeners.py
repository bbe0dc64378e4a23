"""What people are told when others tell. A listener that hears its news twice has told it once: what it writes commits
with the mark that it has heard."""

from __future__ import annotations

from apps.bus import dispatch
from apps.events import listens_to
from apps.identity.events import RefreshTokenReused, SupportSessionOpened
from apps.kernel.actors import Steward
from apps.tenancy.events import TenantQueuedForDeletion, TenantSuspended

from . import kinds, queries
from .commands import TellPeople
from .hooks import Kind
from .rules import LONGEST_TEXT

US = Steward("Notices")


def _tell(kind: Kind, subject: str, text: str, *to: str) -> None:
    dispatch(TellPeople(kind=kind.name, subject=subject, text=text[:LONGEST_TEXT], to=to), actor=US)


@listens_to(TenantSuspended, queue="low")
def tell_of_suspension(event: TenantSuspended) -> None:
    """The operators. Those in charge at the tenant are told by the journey that suspends it."""
    _tell(
        kinds.TENANT_SUSPENDED,
        f"{event.slug} is suspended",
        f"The tenant {event.slug} was suspended: {event.reason}",
        queries.OPERATORS,
    )


@listens_to(TenantQueuedForDeletion, queue="low")
def tell_of_deletion(event: TenantQueuedForDeletion) -> None:
    _tell(
        kinds.TENANT_QUEUED,
        f"{event.slug} will be erased",
        f"The tenant {event.slug} was queued for deletion: {event.reason}",
        queries.OPERATORS,
    )


@listens_to(SupportSessionOpened, queue="low")
def tell_of_support(event: SupportSessionOpened) -> None:
    _tell(
        kinds.SUPPORT_SESSION_OPENED,
        "Support is in your books",
        f"{event.operator} of the platform's support came in as {event.user_name}: {event.reason}\n\n"
        f"The visit ends by {event.ends_at:%d %B %Y, %H:%M} UTC. What is done in it stands in your audit log,"
        " under both names.",
        "owner",
    )


@listens_to(RefreshTokenReused, queue="low")
def tell_of_stolen_session(event: RefreshTokenReused) -> None:
    address = queries.address_of(event.user_id)
    if not address:
        return
    _tell(
        kinds.TOKEN_REUSED,
        "A session of yours was ended",
        f"Its key was used twice ({event.device or 'an unnamed device'}): by you, and perhaps by somebody who stole"
        " it. Sign in again; if you know nothing of this, choose a new password.",
        address,
    )
