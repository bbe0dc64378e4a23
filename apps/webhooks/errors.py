"""Refusals of webhooks."""

from __future__ import annotations

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal


class WebhooksRefusal(Refusal):
    """Base class of these refusals."""


class EventUnknown(WebhooksRefusal, Invalid):
    message = "There are no events named {names}."


class EndpointNotFound(WebhooksRefusal, NotFound):
    message = "There is no endpoint {endpoint_id}."


class EndpointIsDisabled(WebhooksRefusal, Conflict):
    message = "The endpoint {endpoint} is disabled."


class EndpointIsActive(WebhooksRefusal, Conflict):
    message = "The endpoint {endpoint} is active."


class ReasonMissing(WebhooksRefusal, Invalid):
    message = "Enter a reason."


class SecretNotFound(WebhooksRefusal, NotFound):
    message = "There is no secret {secret_id}."


class SecretIsRetired(WebhooksRefusal, Conflict):
    message = "The secret {secret} is retired."


class LastSecret(WebhooksRefusal, Conflict):
    message = "{owner} has no other permanent secret: create a new one first."


class SecretMalformed(WebhooksRefusal, Invalid):
    message = "The secret does not fit the scheme: {why}."


class OverlapOutOfRange(WebhooksRefusal, Invalid):
    message = "The old secret stays valid for 0 to {limit} hours."


class MessageNotFound(WebhooksRefusal, NotFound):
    message = "There is no message {message_id}."


class MessageIsInProgress(WebhooksRefusal, Conflict):
    message = "{message} is being sent."


class SourceNotFound(WebhooksRefusal, NotFound):
    message = "There is no source {source}."


class SourceNameMalformed(WebhooksRefusal, Invalid):
    message = (
        "{name} is not a valid name: use lower-case letters, digits and hyphens, starting with a letter."
    )
    enforced_by = ("webhooks_source_name_is_a_slug",)


class SourceNameTaken(WebhooksRefusal, Conflict):
    message = "There is already a source named {name}."
    enforced_by = ("webhooks_source_once",)


class SchemeUnknown(WebhooksRefusal, Invalid):
    message = "Unknown signature scheme {scheme}. Available: {schemes}."


class SignatureInvalid(WebhooksRefusal):
    """One message for all defects, so that a forger learns nothing."""

    status = 401
    message = "The signature is invalid."


class MessageUnreadable(WebhooksRefusal, Invalid):
    message = "The message cannot be read: {why}."


class MessageTooLarge(WebhooksRefusal):
    status = 413
    message = "A message has at most {limit} bytes."


class TooManyMessages(WebhooksRefusal):
    status = 429
    message = "At most {limit} messages per minute are accepted. Retry in {seconds} seconds."

    @property
    def retry_after(self) -> int:  # type: ignore[override]  # until the minute is over
        return int(str(self.context["seconds"]))


class OnlyPosted(WebhooksRefusal):
    status = 405
    message = "Only POST is allowed here."


class ReceivedNotFound(WebhooksRefusal, NotFound):
    message = "There is no received message {received_id}."


class ReceivedIsProcessed(WebhooksRefusal, Conflict):
    message = "{received} is already processed."
