"""What webhooks refuse."""

from __future__ import annotations

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal


class WebhooksRefusal(Refusal):
    """The family of webhooks."""


class EventUnknown(WebhooksRefusal, Invalid):
    message = "There are no events named {names}."


class EndpointNotFound(WebhooksRefusal, NotFound):
    message = "There is no endpoint {endpoint_id}."


class EndpointIsDisabled(WebhooksRefusal, Conflict):
    message = "The endpoint {endpoint} is disabled."


class EndpointIsActive(WebhooksRefusal, Conflict):
    message = "The endpoint {endpoint} is active."


class ReasonMissing(WebhooksRefusal, Invalid):
    message = "A reason is needed."


class SecretNotFound(WebhooksRefusal, NotFound):
    message = "There is no secret {secret_id}."


class SecretIsRetired(WebhooksRefusal, Conflict):
    message = "The secret {secret} is retired."


class LastSecret(WebhooksRefusal, Conflict):
    message = "{owner} has no other secret that stays: make a new one first."


class SecretMalformed(WebhooksRefusal, Invalid):
    message = "The secret is not one of this provider's: {why}."


class OverlapOutOfRange(WebhooksRefusal, Invalid):
    message = "The old secret stays valid for 0 to {most} hours."


class MessageNotFound(WebhooksRefusal, NotFound):
    message = "There is no message {message_id}."


class MessageIsUnderWay(WebhooksRefusal, Conflict):
    message = "{message} is being sent at this moment."


class SourceNotFound(WebhooksRefusal, NotFound):
    message = "There is no source {source}."


class SourceNameMalformed(WebhooksRefusal, Invalid):
    message = "{name} stands in an address: write small letters, digits and hyphens, beginning with a letter."
    enforced_by = ("webhooks_source_name_is_a_slug",)


class SourceNameTaken(WebhooksRefusal, Conflict):
    message = "There is already a source named {name}."
    enforced_by = ("webhooks_source_once",)


class SchemeUnknown(WebhooksRefusal, Invalid):
    message = "There is no way of signing named {scheme}: it is one of {schemes}."


class SignatureInvalid(WebhooksRefusal):
    """Says the same whatever is wrong with it: who forges learns nothing."""

    status = 401
    message = "The signature does not hold."


class MessageUnreadable(WebhooksRefusal, Invalid):
    message = "The message cannot be read: {why}."


class MessageTooLarge(WebhooksRefusal):
    status = 413
    message = "A message has at most {most} bytes."


class TooManyMessages(WebhooksRefusal):
    status = 429
    message = "More than {most} messages a minute are not taken. Post again in {seconds} seconds."

    @property
    def retry_after(self) -> int:  # type: ignore[override]  # until the minute is over
        return int(str(self.context["seconds"]))


class OnlyPosted(WebhooksRefusal):
    status = 405
    message = "Messages are posted here, and nothing is read."


class ReceivedNotFound(WebhooksRefusal, NotFound):
    message = "There is no received message {received_id}."


class ReceivedIsProcessed(WebhooksRefusal, Conflict):
    message = "{received} was processed already."
