"""Refusals of the operations app: sagas across apps that change whole tenants."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid
from apps.kernel.reasons import ReasonRequired


class NameMissing(Invalid):
    message = _("A tenant needs a name.")


class NameTooLong(Invalid):
    message = _("The name of a tenant has at most {max_length} characters. Shorten {name}.")


class TrialOutOfRange(Invalid):
    message = _("A trial lasts at most {max_days} days, and 0 means no trial: {days} is out of range.")


class OwnerNotInvited(Conflict):
    message = _("The owner of {name} is not invited: the tenant was not onboarded, or not yet.")


class ReasonMissing(ReasonRequired):
    message = _(
        "A reason is required: it is written to the audit log and sent to the tenant's administrators."
    )


class LegallyRetained(Conflict):
    message = _("{name} cannot be erased before {until}: the retention period of {records} has not ended.")


class SandboxesRemain(Conflict):
    message = _("{name} has sandboxes that must be erased first: {sandboxes}.")


class NotQueuedForDeletion(Conflict):
    message = _("{name} is not queued for deletion, or its erasure has started.")


class SagaInProgress(Conflict):
    message = _("{saga} of {slug} is in progress, at “{step}”.")


class SagaRequestConflict(Conflict):
    message = _(
        "{saga} of {slug} is in progress with other parameters, at “{step}”. Wait until it has ended."
    )


class SagaRolledBack(Conflict):
    message = _("{saga} of {slug} was rolled back: {reason}")


class OwnerCredentialsNeeded(Conflict):
    message = _(
        "Only the owner of both databases can move the tenant, and this process is not. Run this command where"
        " DATABASE_OWNER_URL and DATABASE_OWNER_SHARDS are set: {command}"
    )
