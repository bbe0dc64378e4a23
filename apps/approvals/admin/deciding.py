"""The buttons of a request: approve, reject, withdraw."""

from __future__ import annotations

from django import forms
from django.http import Http404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.approvals import queries
from apps.approvals.commands import ApproveRequest, RejectRequest, WithdrawRequest
from apps.approvals.models import ApprovalRequest
from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.console.widgets import Form, ReasonForm

from .inbox import page_of


class ApproveForm(Form):
    comment = forms.CharField(label=_("Comment"), required=False, widget=forms.Textarea)


class WithdrawForm(Form):
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea)


class _OnRequest(CommandPage):
    """A decision names in its address the revision that was read."""

    def facts(self, server_fields: ServerFields) -> Facts:
        approval = _approval_request(server_fields)
        revision = queries.present_revision(approval)
        return (
            (gettext("Request"), str(approval)),
            (gettext("Requested by"), approval.requester_name),
            (gettext("Reason"), revision.reason),
        )

    def success_url(self, result: ApprovalRequest) -> str:
        return page_of(result)


class Approve(_OnRequest):
    command: type[Command] = ApproveRequest
    form = ApproveForm

    def sentence(self, result: ApprovalRequest) -> str:
        if result.is_pending:
            return gettext("Approved. The request needs further approvals.")
        return gettext("Approved. The command is being executed.")


class Reject(_OnRequest):
    command: type[Command] = RejectRequest
    form, danger = ReasonForm, True

    def sentence(self, result: ApprovalRequest) -> str:
        return gettext("Rejected. The requester reads your reason.")


class Withdraw(_OnRequest):
    command: type[Command] = WithdrawRequest
    form = WithdrawForm

    def sentence(self, result: ApprovalRequest) -> str:
        return gettext("The request is withdrawn.")


def _approval_request(server_fields: ServerFields) -> ApprovalRequest:
    approval = queries.request_with_id(server_fields["request_id"])
    if approval is None:
        raise Http404
    return approval


PAGES = (
    ("revisions/<int:revision>/approve/", Approve),
    ("revisions/<int:revision>/reject/", Reject),
    ("withdraw/", Withdraw),
)
for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        *(
            hooks.Page(
                path=f"approvals/<int:request_id>/{path}",
                name=page.command.command_name().split(".")[1],
                title=page.command.lazy_title(),
                permission=page.command.permission,
                view=page(),
            )
            for path, page in PAGES
        ),
    )
