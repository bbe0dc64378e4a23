"""What webhooks can be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.bus import Command
from apps.kernel.plain import secret

MANAGE_ENDPOINTS = "webhooks.manage_endpoints"
MANAGE_SOURCES = "webhooks.manage_sources"


@dataclass(frozen=True, kw_only=True)
class RegisterEndpoint(Command):
    """Tell another system what happens here. It is told every event unless you name some. The secret with which
    it can check our signature is shown once."""

    permission = MANAGE_ENDPOINTS
    by_support = False
    audit_message = "registered the webhook endpoint {result}"

    url: str
    description: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChangeEndpoint(Command):
    """Change where an endpoint is, what it is for, or which events it is told. What waits to be sent goes to the
    new address."""

    permission = MANAGE_ENDPOINTS
    by_support = False
    audit_message = "changed the webhook endpoint {result}"

    endpoint_id: int
    url: str
    description: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DisableEndpoint(Command):
    """Tell this endpoint nothing more. What happens meanwhile it will never hear; what waits is kept until it is
    enabled again."""

    permission = MANAGE_ENDPOINTS
    audit_message = "disabled the webhook endpoint {result}: {reason}"

    endpoint_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class EnableEndpoint(Command):
    """Tell this endpoint again what happens from now on, and what waited for it."""

    permission = MANAGE_ENDPOINTS
    audit_message = "enabled the webhook endpoint {result}"

    endpoint_id: int


@dataclass(frozen=True, kw_only=True)
class RotateSecret(Command):
    """Make a new secret for an endpoint, shown once. Until the hours are over every message is signed with the old
    one as well, so that the receiver can change over at his time."""

    permission = MANAGE_ENDPOINTS
    by_support = False
    audit_message = "rotated the secret of the webhook endpoint {result}"

    endpoint_id: int
    overlap_hours: int = 24


@dataclass(frozen=True, kw_only=True)
class RetireSecret(Command):
    """Stop signing with a secret at once, because it is known to somebody who should not know it."""

    permission = MANAGE_ENDPOINTS
    by_support = False
    audit_message = "retired {result}: {reason}"

    secret_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class SendTestMessage(Command):
    """Send the endpoint a message that says nothing but that it can be reached."""

    permission = MANAGE_ENDPOINTS
    audit_message = "sent a test message to a webhook endpoint: {result}"

    endpoint_id: int


@dataclass(frozen=True, kw_only=True)
class ResendMessage(Command):
    """Send a message again, under the id that it had: a receiver who has it already will know."""

    permission = MANAGE_ENDPOINTS
    audit_message = "sent {result} again"

    message_id: int


@dataclass(frozen=True, kw_only=True)
class AddSource(Command):
    """Listen to another system. It signs what it posts with the secret that it gave you."""

    permission = MANAGE_SOURCES
    by_support = False
    audit_message = "added the webhook source {result}"

    name: str
    scheme: str = field(metadata={"help": "`standard` or `stripe`"})
    secret: str = field(metadata=secret, repr=False)


@dataclass(frozen=True, kw_only=True)
class RotateSourceSecret(Command):
    """Take a new secret of a source. Until the hours are over the old one is believed as well."""

    permission = MANAGE_SOURCES
    by_support = False
    audit_message = "took a new secret of the webhook source {result}"

    source_id: int
    secret: str = field(metadata=secret, repr=False)
    overlap_hours: int = 24


@dataclass(frozen=True, kw_only=True)
class RetireSourceSecret(Command):
    """Stop believing a source's secret at once, because it is known to somebody who should not know it."""

    permission = MANAGE_SOURCES
    by_support = False
    audit_message = "retired {result}: {reason}"

    secret_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReprocessReceived(Command):
    """Process a received message that failed or was ignored, from the beginning."""

    permission = MANAGE_SOURCES
    audit_message = "had {result} processed again"

    received_id: int


@dataclass(frozen=True, kw_only=True)
class ResealSecrets(Command):
    """Seal every secret of webhooks under the newest key of the installation, so that an older key can be dropped."""

    permission = MANAGE_ENDPOINTS
    runs_while_closed = True
    audit_message = "sealed {result} webhook secrets under the newest key"
