"""Refusals of webhooks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal
from apps.kernel.reasons import ReasonRequired


class EventUnknown(Invalid):
    message = _("There are no events named {names}.")


class EndpointNotFound(NotFound):
    message = _("There is no endpoint {endpoint_id}.")


class EndpointIsDisabled(Conflict):
    message = _("The endpoint {endpoint} is disabled.")


class EndpointIsActive(Conflict):
    message = _("The endpoint {endpoint} is active.")


class ReasonMissing(ReasonRequired):
    """For a disabled endpoint, and for a retired secret."""


class SecretNotFound(NotFound):
    message = _("There is no secret {secret_id}.")


class SecretIsRetired(Conflict):
    message = _("The secret {secret} is retired.")


class LastSecret(Conflict):
    message = _("{owner} has no other permanent secret: create a new one first.")


class SecretMalformed(Invalid):
    message = _("The secret does not fit the scheme: {why}.")


class OverlapOutOfRange(Invalid):
    message = _("The old secret stays valid for 0 to {limit} hours.")


class MessageNotFound(NotFound):
    message = _("There is no message {message_id}.")


class MessageIsInProgress(Conflict):
    message = _("{message} is being sent.")


class SourceNotFound(NotFound):
    message = _("There is no source {source}.")


class SourceNameMalformed(Invalid):
    message = _(
        "{name} is not a valid name: use lower-case letters, digits and hyphens, starting with a letter."
    )
    enforced_by = ("webhooks_source_name_is_a_slug",)


class SourceNameTaken(Conflict):
    message = _("There is already a source named {name}.")
    enforced_by = ("webhooks_source_once",)


class SchemeUnknown(Invalid):
    message = _("Unknown signature scheme {scheme}. Available: {schemes}.")


class SignatureInvalid(Refusal):
    """One message for all defects, so that a forger learns nothing."""

    status = 401
    message = _("The signature is invalid.")


class MessageUnreadable(Invalid):
    message = _("The message cannot be read: {why}.")


class MessageTooLarge(Refusal):
    status = 413
    message = _("A message has at most {limit} bytes.")


class TooManyMessages(Refusal):
    status = 429
    message = _("At most {limit} messages per minute are accepted. Retry in {seconds} seconds.")

    def __init__(self, **context: object) -> None:
        super().__init__(**context)
        self.retry_after = int(str(self.context["seconds"]))  # until the minute is over


class OnlyPosted(Refusal):
    status = 405
    message = _("Only POST is allowed here.")


class ReceivedNotFound(NotFound):
    message = _(
        "There is no received webhook message {received_id}. Check the id in the list of received messages."
    )


class ReceivedIsProcessed(Conflict):
    message = _("{received} is already processed, so nothing was done.")
