"""The list of attachments, and downloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.attachments import queries
from apps.attachments.commands import REMOVE, VIEW
from apps.attachments.hooks import subject_types
from apps.attachments.models import Attachment
from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin
from apps.console.labels import Colours, display
from apps.console.list_filters import known_values
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.kernel.files.download import download

OF_SUBJECT_TYPE = known_values(lambda request: sorted(queries.visible_types(request.user)))


@admin.register(Attachment, site=tenant_site)
class AttachmentAdmin(ReadOnlyAdmin):
    """The attachments of all objects that the user may view."""

    created_by = "the pages of entries, invoices, orders and payments"
    empty_message = _("Files that are attached to entries, invoices, orders and payments appear here.")
    list_display = ("name", "subject", "size", "attached_at", "attached_by", "state")
    list_filter = (("subject_type", OF_SUBJECT_TYPE), "attached_at")
    search_fields = ("name", "sha256")
    search_help_text = _("Name or checksum")
    ordering = ("-id",)
    fields = (
        ("name", "subject", "state"),
        ("size", "media_type"),
        "sha256",
        ("attached_at", "attached_by"),
        ("removed_at", "removed_by"),
        "removal_reason",
    )
    readonly_fields = ("subject", "size", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attachment]:
        visible = queries.visible_types(request.user)
        return super().get_queryset(request).filter(subject_type__in=visible)

    @admin.display(description=_("Object"))
    def subject(self, attachment: Attachment) -> str:
        return f"{subject_types()[attachment.subject_type].title} {attachment.subject_id}"

    @admin.display(description=_("Size"), ordering="bytes")
    def size(self, attachment: Attachment) -> str:
        return filesizeformat(attachment.bytes)

    @display(description=_("State"), label=Colours({_("Stored"): "success", _("Removed"): "info"}))
    def state(self, attachment: Attachment) -> str:
        return gettext("Removed") if attachment.removed_at else gettext("Stored")

    def links(self, request: HttpRequest, obj: Attachment) -> Sequence[Link]:
        subject = Link(gettext("Object"), subject_url(obj.subject_type, obj.subject_id), "arrow_back")
        if obj.removed_at:
            return (subject,)
        content = Link(gettext("Download"), reverse("admin:download_attachment", args=[obj.pk]), "download")
        if not request.user.has_perm(REMOVE):
            return (subject, content)
        return (
            subject,
            content,
            Link(gettext("Remove"), reverse("admin:remove_attachment", args=[obj.pk]), "delete"),
        )


def subject_url(subject_type: str, subject_id: int) -> str:
    """The page of the object."""
    try:
        return reverse(f"admin:{subject_type.replace('.', '_')}_change", args=[subject_id])
    except NoReverseMatch:
        raise Http404 from None


def download_attachment(
    request: HttpRequest, *, context: dict[str, Any], attachment_id: int
) -> HttpResponseBase:
    attachment = queries.visible_to(request.user).present().filter(pk=attachment_id).first()
    if attachment is None:
        raise Http404
    return download(queries.content_of(attachment), attachment.name, attachment.media_type)


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Company"),
        title=_("Attachments"),
        icon="attach_file",
        url="admin:attachments_attachment_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="attachments/attachment/<int:attachment_id>/download/",
        name="download_attachment",
        title=_("Download attachment"),
        permission=VIEW,
        view=download_attachment,
    ),
)
