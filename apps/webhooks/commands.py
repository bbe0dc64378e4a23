"""Commands of webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import FRESH_S, Command
from apps.kernel.plain import secret

MANAGE_ENDPOINTS = "webhooks.manage_endpoints"
MANAGE_SOURCES = "webhooks.manage_sources"


@dataclass(frozen=True, kw_only=True)
class RegisterEndpoint(Command):
    """Register an endpoint that receives all events, or selected ones. Its secret, for verifying signatures, is shown
    once."""

    permission = MANAGE_ENDPOINTS
    by_support = False
    audit_message = gettext_noop("registered the webhook endpoint {result}")

    url: str
    description: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChangeEndpoint(Command):
    """Change the URL, description or events of an endpoint. Pending messages go to the new URL."""

    permission = MANAGE_ENDPOINTS
    by_support = False
    audit_message = gettext_noop("changed the webhook endpoint {result}")

    endpoint_id: int
    url: str
    description: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DisableEndpoint(Command):
    """Stop sending to an endpoint. It never receives later events; pending messages wait until it is enabled again."""

    permission = MANAGE_ENDPOINTS
    audit_message = gettext_noop("disabled the webhook endpoint {result}: {reason}")

    endpoint_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class EnableEndpoint(Command):
    """Resume sending to an endpoint: pending messages and new events."""

    permission = MANAGE_ENDPOINTS
    audit_message = gettext_noop("enabled the webhook endpoint {result}")

    endpoint_id: int


@dataclass(frozen=True, kw_only=True)
class RotateSecret(Command):
    """Create a new secret for an endpoint, shown once. For the given hours every message is also signed with the old
    secret, so that the receiver can switch."""

    permission = MANAGE_ENDPOINTS
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("rotated the secret of the webhook endpoint {result}")

    endpoint_id: int
    overlap_hours: int = 24


@dataclass(frozen=True, kw_only=True)
class RetireSecret(Command):
    """Stop signing with a secret at once, for example because it has leaked."""

    permission = MANAGE_ENDPOINTS
    by_support = False
    audit_message = gettext_noop("retired {result}: {reason}")

    secret_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class SendTestMessage(Command):
    """Send a test message to an endpoint."""

    permission = MANAGE_ENDPOINTS
    audit_message = gettext_noop("sent a test message to a webhook endpoint: {result}")

    endpoint_id: int


@dataclass(frozen=True, kw_only=True)
class ResendMessage(Command):
    """Send a message again, with its old id, so that the receiver recognises a repetition."""

    permission = MANAGE_ENDPOINTS
    audit_message = gettext_noop("sent {result} again")

    message_id: int


@dataclass(frozen=True, kw_only=True)
class AddSource(Command):
    """Add another system that posts messages, signed with a secret of that system."""

    permission = MANAGE_SOURCES
    by_support = False
    audit_message = gettext_noop("added the webhook source {result}")

    name: str
    scheme: str = field(metadata={"help": "`standard` or `stripe`"})
    secret: str = field(metadata=secret, repr=False)


@dataclass(frozen=True, kw_only=True)
class RotateSourceSecret(Command):
    """Set a new secret of a source. For the given hours the old secret stays valid."""

    permission = MANAGE_SOURCES
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("rotated the secret of the webhook source {result}")

    source_id: int
    secret: str = field(metadata=secret, repr=False)
    overlap_hours: int = 24


@dataclass(frozen=True, kw_only=True)
class RetireSourceSecret(Command):
    """Refuse a source's secret at once, for example because it has leaked."""

    permission = MANAGE_SOURCES
    by_support = False
    audit_message = gettext_noop("retired {result}: {reason}")

    secret_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReprocessReceived(Command):
    """Process a failed, dead or ignored message again."""

    permission = MANAGE_SOURCES
    audit_message = gettext_noop("reprocessed {result}")

    received_id: int


@dataclass(frozen=True, kw_only=True)
class ResealSecrets(Command):
    """Encrypt webhook secrets with the newest key of the installation, a batch at a time, so that older keys can be
    removed."""

    permission = MANAGE_ENDPOINTS
    runs_while_closed = True
    audit_message = gettext_noop("encrypted {result} webhook secrets with the newest key")
