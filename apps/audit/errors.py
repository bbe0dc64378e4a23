"""What the audit log refuses."""

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal


class AuditRefusal(Refusal):
    """The family of the audit log."""


class NothingToArchive(AuditRefusal, Conflict):
    message = "No sealed record from before {before} is past the time for which its class is kept."


class SegmentIsBroken(AuditRefusal, Conflict):
    message = "{segment} is not what was sealed. It is not archived: run `manage.py audit verify`."


class ArchiveIsBroken(AuditRefusal, Conflict):
    message = "The archive {file} does not hold what was sealed: {why}"


class AlreadyArchived(AuditRefusal, Conflict):
    message = "Segment {first} of the class {retention} is archived already."


class PersonNotInAuditLog(AuditRefusal, NotFound):
    message = "No record that may be erased names this person."


class PersonTooVague(AuditRefusal, Invalid):
    message = (
        "Name the person by number, or by texts of at least {least} characters: {text!r} would hit others."
    )
