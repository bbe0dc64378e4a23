"""The refusals of invitations."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, NotFound


class AlreadyInvited(Conflict):
    message = _("{email} is invited already. Resend that invitation, or revoke it.")
    enforced_by = ("identity_one_open_invitation",)


class InvitationUnknown(NotFound):
    message = _("There is no invitation {number}.")


class InvitationNotOpen(Conflict):
    message = _("Invitation {number} is not open: it is {state}.")
    enforced_by = ("BD001",)


class InvitationLinkInvalid(Conflict):
    """The message does not reveal which of the reasons it was."""

    message = _("This invitation was used, replaced or revoked, or it has expired.")
