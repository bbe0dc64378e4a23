"""Refusals of the audit log."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound


class NothingDueForColdStorage(Conflict):
    message = _("No sealed record from before {before} is past the retention of its class.")


class SegmentIsBroken(Conflict):
    message = _(
        "{segment} differs from its seal, so it cannot be moved to cold storage. Run `manage.py audit verify`."
    )


class ColdStorageFileIsBroken(Conflict):
    message = _("The cold storage file {file} differs from what was sealed: {why}")


class AlreadyInColdStorage(Conflict):
    message = _("Segment {first} of the class {retention} is already in cold storage.")


class AuditKeyMissing(Conflict):
    message = _(
        "This process has no key of the audit log, which authorises what leaves it. Run the command by"
        " `manage.py audit`, or on the queue `audit`."
    )


class PersonNotInAuditLog(NotFound):
    message = _("No record that may be erased names this person.")


class PersonTooVague(Invalid):
    message = _(
        "Identify the person by number, or by texts of at least {least} characters: {text!r} would match others."
    )


class FieldHistoryUnavailable(NotFound):
    message = _("{subject} has no field history.")
