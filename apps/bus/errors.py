"""Refusals of the command bus."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, Refusal, Unauthenticated


class PermissionDenied(Forbidden):
    message = _("{actor} may not {title}: the permission {permission} is missing.")


class NotAsSupport(Forbidden):
    message = _("To {title} is for {actor} alone, and not for {support}.")


class FreshAuthenticationNeeded(Unauthenticated):
    """The session is valid, but its password was confirmed too long ago (RFC 9470)."""

    message = _("To {title}, confirm your password again: the last time is more than {minutes} minutes ago.")

    @property
    def challenge(self) -> str:
        return f'Bearer error="insufficient_user_authentication", max_age="{self.value_of("max_age_s")}"'


class NotForPrograms(Forbidden):
    message = _("To {title} needs a person with a fresh authentication, and {actor} is a program.")


class ReadPermissionDenied(Forbidden):
    message = _("{actor} may not see this: the permission {permission} is missing.")


class TextTooLong(Invalid):
    message = _("A text is longer than its column allows.")
    enforced_by = ("22001",)


class NumberTooLarge(Invalid):
    message = _("A number is larger than its column allows.")
    enforced_by = ("22003",)


class FeatureOff(Forbidden):
    """A module or feature is off for the tenant, perhaps by a kill. Background work waits until it is on again."""

    message = _("{title} is not available: {feature} is off.")
    postpones = True


class IdempotencyKeyMissing(BadRequest):
    message = _(
        "{title} moves money: send an Idempotency-Key header, so that a repeated request has no effect."
    )


class IdempotencyKeyMalformed(BadRequest):
    message = _("An Idempotency-Key has 1 to 255 visible ASCII characters.")


class RequestInFlight(Conflict):
    message = _("The same request ({key}) is in progress. Retry in a moment.")
    retry_after = 1
    enforced_by = ("idempotency_key_once",)


class KeyReused(Invalid):
    message = _("The key {key} belongs to another request. A new request needs a new key.")


class FactConflict(Conflict):
    message = _("The fact {key} is already recorded with other values.")


class ResultGone(NotFound):
    message = _("The command was executed before, and its result no longer exists: {what} {pk}.")


class EditedMeanwhile(Refusal):
    """412: the version of the request is not the present one (RFC 9110, If-Match)."""

    status = 412
    message = _("{title} is refused, because the values were changed after you read them.")


class VersionMissing(Refusal):
    """428 (RFC 6585)."""

    status = 428
    message = _("{title} needs an If-Match header with the ETag of the values that you read.")


class VersionMalformed(BadRequest):
    message = _("An If-Match header of this command has one ETag in quotation marks.")


class CommandUnknown(NotFound):
    message = _("There is no command {command}.")


class CommandMalformed(Invalid):
    message = _("Malformed {command}: {why}.")


class PlatformOnly(Forbidden):
    message = _(
        "{title} is a command of the platform and cannot run inside the tenant {tenant}. Use the operator console"
        " or the platform's API."
    )
