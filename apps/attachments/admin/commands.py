"""Pages that attach a file and remove an attachment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.attachments import contents, queries
from apps.attachments.commands import ATTACH, REMOVE, AttachFile, RemoveAttachment
from apps.attachments.models import Attachment
from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields, key_of
from apps.console.widgets import Form, ReasonForm
from apps.kernel.errors import Refusal
from apps.kernel.uploads.receiving import Upload, receive
from apps.kernel.uploads.types import ALLOWED

from .attachments import subject_url

ACCEPTED = ",".join(f".{extension}" for kind in ALLOWED for extension in kind.extensions)


class UploadForm(Form):
    """The cleaned value of `file` is an Upload."""

    file = forms.FileField(
        label=_("File"), allow_empty_file=True, widget=forms.FileInput(attrs={"accept": ACCEPTED})
    )

    def clean_file(self) -> Upload:
        file = self.cleaned_data["file"]
        try:
            return receive(file.name, file)
        except Refusal as refusal:
            raise forms.ValidationError(f"{refusal} ({refusal.code})", code=refusal.code) from None


class AttachPage(CommandPage):
    """The page has the files of the request and the command, whose content is stored while the page is called."""

    command, form = AttachFile, UploadForm

    def __call__(
        self, request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        subject = queries.visible_subject(request.user, **server_fields)
        if subject is None:
            raise Http404
        form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
        page = {"context": context, "subject": subject, "upload_form": form, **server_fields}
        if not form.is_valid():
            return super().__call__(request, **page)
        with contents.stored(
            form.cleaned_data["file"], actor=request.user, key=key_of(form), **server_fields
        ) as attaching:
            return super().__call__(request, attaching=attaching, **page)

    def form_of(self, request: HttpRequest, server_fields: ServerFields) -> Form:
        """The form that is validated already: a validation reads the whole file."""
        form: UploadForm = server_fields["upload_form"]
        return form

    def facts(self, server_fields: ServerFields) -> Facts:
        return (
            (gettext("Object"), str(server_fields["subject"])),
            (gettext("Accepted types"), ACCEPTED.replace(".", "").replace(",", ", ")),
        )

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        command: AttachFile = server_fields["attaching"]
        return command

    def sentence(self, result: Attachment) -> str:
        return gettext("{name} is attached.").format(name=result.name)

    def success_url(self, result: Attachment) -> str:
        return subject_url(result.subject_type, result.subject_id)


class RemovePage(CommandPage):
    command, form, danger = RemoveAttachment, ReasonForm, True

    def __call__(
        self, request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        attachment = get_object_or_404(queries.visible_to(request.user), pk=server_fields["attachment_id"])
        return super().__call__(request, context=context, attachment=attachment, **server_fields)

    def facts(self, server_fields: ServerFields) -> Facts:
        attachment: Attachment = server_fields["attachment"]
        return (
            (gettext("File"), attachment.name),
            (gettext("Size"), filesizeformat(attachment.bytes)),
            (gettext("Attached by"), attachment.attached_by),
        )

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        return RemoveAttachment(attachment_id=server_fields["attachment_id"], **form.cleaned_data)

    def sentence(self, result: Attachment) -> str:
        return gettext("{name} is removed. Its name and its checksum stay.").format(name=result.name)

    def success_url(self, result: Attachment) -> str:
        return subject_url(result.subject_type, result.subject_id)


hooks.plug(
    "tenant",
    hooks.Page(
        path="attachments/of/<str:subject_type>/<int:subject_id>/attach/",
        name="attach_file",
        title=_("Attach file"),
        permission=ATTACH,
        view=AttachPage(),
    ),
    hooks.Page(
        path="attachments/attachment/<int:attachment_id>/remove/",
        name="remove_attachment",
        title=_("Remove attachment"),
        permission=REMOVE,
        view=RemovePage(),
    ),
)
