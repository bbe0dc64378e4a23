"""Pages that request a backup, its verification, a restore or a clone, in the operator's console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import Http404
from django.utils.formats import localize
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, reason
from apps.kernel.db import databases
from apps.tenancy import queries as tenants

from .commands import (
    CancelRestoration,
    RequestBackup,
    RequestClone,
    RequestRestoreAsNew,
    RequestRestoreInPlace,
    VerifyBackup,
)
from .models import Backup, Restoration


class _RequestPage(CommandPage):
    """The overview of backups shows the progress of the request."""

    def sentence(self, result: Any) -> str:
        return gettext("Requested: {result}. The progress is below.").format(result=result)

    def success_url(self, result: Any) -> str:
        return "admin:backups"


class _OfTenant(_RequestPage):
    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = tenants.tenant_with_id(server_fields["tenant_id"])
        newest = Backup.objects.done().filter(tenant=tenant).latest_first().first()
        return (
            (gettext("Tenant"), tenant.name),
            (gettext("Newest backup"), localize(newest.begun_at) if newest else gettext("never")),
        )


class _OfBackup(_RequestPage):
    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        backup = _backup(server_fields)
        return (
            (gettext("Backup"), f"{backup.pk}: {backup}"),
            (gettext("Tenant"), str(backup.tenant)),
            (gettext("Rows"), f"{backup.rows:,}"),
            (gettext("Verified"), localize(backup.verified_at) if backup.verified_at else gettext("never")),
        )


class BackUpNow(_OfTenant):
    command = RequestBackup


class Verify(_OfBackup):
    command = VerifyBackup


class NewTenantForm(Form):
    slug = forms.CharField(
        label=_("Short name"),
        max_length=40,
        help_text=_("Of the new tenant: 2 to 40 of a–z, 0–9 and hyphens, beginning with a letter."),
    )
    name = forms.CharField(max_length=120, required=False, help_text=_("Empty: like that of the source."))


class RestoreAsNewForm(NewTenantForm):
    database = forms.ChoiceField(label=_("Database"))
    reason = reason()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("database", [(key, key) for key in databases.known()])


class RestoreAsNew(_OfBackup):
    command, form = RequestRestoreAsNew, RestoreAsNewForm


class ConfirmationForm(Form):
    confirmation = forms.CharField(
        label=_("Name of the tenant"),
        max_length=120,
        help_text=_("Type it to confirm that all changes after the backup are lost."),
    )
    reason = reason()


class RestoreInPlace(_OfBackup):
    command, form, danger = RequestRestoreInPlace, ConfirmationForm, True


class CloneForm(NewTenantForm):
    anonymise = forms.BooleanField(
        label=_("Anonymise"),
        required=False,
        initial=True,
        help_text=_("Replaces names and free texts, and leaves files out."),
    )
    reason = reason()


class Clone(_OfTenant):
    command, form = RequestClone, CloneForm


class CancellationForm(Form):
    reason = reason()


class Cancel(_RequestPage):
    command, form = CancelRestoration, CancellationForm

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        restoration = Restoration.objects.filter(pk=server_fields["restoration_id"]).first()
        if restoration is None:
            raise Http404
        return (
            (gettext("Request"), str(restoration)),
            (gettext("State"), restoration.get_state_display()),
            (gettext("Requested by"), restoration.requested_by),
            (gettext("Reason"), restoration.reason),
        )

    def sentence(self, result: Restoration) -> str:
        return gettext("Cancelled: {result}.").format(result=result)


def _backup(server_fields: ServerFields) -> Backup:
    backups = Backup.objects.done().exclude(tenant=None).select_related("tenant")
    backup = backups.filter(pk=server_fields["backup_id"]).first()
    if backup is None:
        raise Http404
    return backup


def _page(path: str, name: str, title: Any, view: _RequestPage) -> hooks.Page:
    command: type[Command] = view.command
    return hooks.Page(path=path, name=name, title=title, permission=command.permission, view=view)


hooks.plug(
    "operator",
    _page("tenants/<int:tenant_id>/back-up/", "request_backup", _("Back up now"), BackUpNow()),
    _page("tenants/<int:tenant_id>/clone/", "request_clone", _("Clone tenant"), Clone()),
    _page("backups/<int:backup_id>/verify/", "verify_backup", _("Verify backup"), Verify()),
    _page(
        "backups/<int:backup_id>/restore-as-new/",
        "request_restore_as_new",
        _("Restore as a new tenant"),
        RestoreAsNew(),
    ),
    _page(
        "backups/<int:backup_id>/restore-in-place/",
        "request_restore_in_place",
        _("Restore in place"),
        RestoreInPlace(),
    ),
    _page(
        "restorations/<int:restoration_id>/cancel/",
        "cancel_restoration",
        _("Cancel restore or clone"),
        Cancel(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Back up now"),
        icon="cloud_upload",
        page="request_backup",
        permission=RequestBackup.permission,
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Clone"),
        icon="content_copy",
        page="request_clone",
        permission=RequestClone.permission,
    ),
)
