"""The refusals of attachments."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.kernel.reasons import ReasonRequired


class SubjectTypeUnknown(Invalid):
    message = _("Files cannot be attached to {subject_type!r}. Possible types: {types}.")


class SubjectNotFound(NotFound):
    """Also for an object that the actor may not view, so that it reveals nothing."""

    message = _("There is no {subject_type} with the number {subject_id}.")


class AttachmentNotFound(NotFound):
    message = _("There is no attachment {attachment_id}.")


class AttachmentIsRemoved(Conflict):
    message = _("The attachment {name} was removed already.")
    enforced_by = ("BZ001",)


class ContentMissing(Conflict):
    message = _("The content of {name} is not stored. Send the file again.")


class ContentInUse(Conflict):
    message = _("This content belongs to another attachment.")
    enforced_by = ("attachments_content_once",)


class ReasonMissing(ReasonRequired):
    """For the removal of an attachment."""

    enforced_by = ("attachments_removal_has_reason",)
