"""Owner, expiry, history and end of a flag."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.console.widgets import Form, ReasonForm, reason
from apps.flags import queries
from apps.flags.commands import ExtendFlag, RestoreRevision, RetireFlag, TransferFlag
from apps.flags.models import ChangeSet, Flag, Revision
from apps.flags.module import MANAGE, VIEW
from apps.flags.policies import day_of_expiry, policy_of
from apps.kernel.notation.form_fields import DayField
from apps.kernel.notation.shown import shown_day, shown_instant

from .change_sets import page_of, shown_value
from .kills import flag_with_id

MAX_ENTRIES = 50


class ExtendForm(Form):
    expires_on = DayField(label=_("Expires on"))
    reason = reason()


class TransferForm(Form):
    owner = forms.EmailField(label=_("Owner"), max_length=254)
    reason = reason()


class _OnFlag(CommandPage):
    def facts(self, server_fields: ServerFields) -> Facts:
        flag = flag_with_id(server_fields["flag_id"])
        return (
            (gettext("Flag"), flag.key),
            (gettext("Owner"), flag.owner),
            (gettext("Expires"), shown_day(flag.expires_on)),
            (gettext("Extensions"), str(flag.extensions)),
        )

    def success_url(self, result: Any) -> str:
        return reverse("admin:flags_flag_change", args=[result.pk])


class Extend(_OnFlag):
    command: type[Command] = ExtendFlag
    form = ExtendForm

    def facts(self, server_fields: ServerFields) -> Facts:
        flag = flag_with_id(server_fields["flag_id"])
        latest = policy_of(flag.category).latest_expiry(day_of_expiry())
        return (*super().facts(server_fields), (gettext("At the latest"), shown_day(latest)))

    def sentence(self, result: Flag) -> str:
        return gettext("The flag expires on {day}.").format(day=shown_day(result.expires_on))


class Transfer(_OnFlag):
    command: type[Command] = TransferFlag
    form = TransferForm

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        return TransferFlag(key=flag_with_id(server_fields["flag_id"]).key, **form.cleaned_data)

    def sentence(self, result: Flag) -> str:
        return gettext("{owner} owns the flag.").format(owner=result.owner)


class Retire(_OnFlag):
    command: type[Command] = RetireFlag
    form, danger = ReasonForm, True

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        return RetireFlag(key=flag_with_id(server_fields["flag_id"]).key, **form.cleaned_data)

    def sentence(self, result: ChangeSet) -> str:
        return gettext("The retirement is a draft. Publish it to end the flag.")

    def success_url(self, result: ChangeSet) -> str:
        return page_of(result)


class Restore(CommandPage):
    """The document of an earlier revision, as a draft."""

    command: type[Command] = RestoreRevision
    form = ReasonForm

    def facts(self, server_fields: ServerFields) -> Facts:
        revision = Revision.objects.published().filter(pk=server_fields["revision_id"]).first()
        if revision is None:
            return ()
        present = queries.latest(revision.kind, revision.key)
        changes = queries.differences(present.document if present else None, revision.document)
        return (
            (gettext("Flag"), revision.key),
            *(
                (one.place or "/", f"{shown_value(one.before)} → {shown_value(one.after)}")
                for one in changes[:MAX_ENTRIES]
            ),
        )

    def sentence(self, result: ChangeSet) -> str:
        return gettext("The earlier revision is a draft. Publish it to serve it.")

    def success_url(self, result: ChangeSet) -> str:
        return page_of(result)


def history_page(request: HttpRequest, *, context: dict[str, Any], flag_id: int) -> HttpResponseBase:
    flag = flag_with_id(flag_id)
    title = gettext("History of {key}").format(key=flag.key)
    page = {**history_of(request, Revision.Kind.FLAG, flag.key), "title": title}
    return TemplateResponse(request, "flags/history.html", context | page)


def history_of(request: HttpRequest, kind: str, key: str) -> dict[str, Any]:
    """The context of flags/history.html: published revisions with what each changed, the newest first."""
    entries = queries.history(kind, key)
    may_restore = request.user.has_perm(MANAGE)
    return {
        "entries": [
            {
                "revision": entry.revision,
                "reason": entry.reason,
                "author": entry.author_name,
                "at": shown_instant(entry.effective_from) if entry.effective_from else "",
                "rows": [
                    (one.place or "/", shown_value(one.before), shown_value(one.after))
                    for one in entry.differences
                ],
                "change_set": page_of(entry.revision.change_set),
                "restore": reverse("admin:restore_revision", args=[entry.revision.pk])
                if may_restore and number
                else "",
            }
            for number, entry in enumerate(entries[:MAX_ENTRIES])
        ],
        "headers": (gettext("Place"), gettext("Before"), gettext("After")),
        "is_cut": len(entries) > MAX_ENTRIES,
    }


def _page(path: str, page: CommandPage) -> hooks.Page:
    return hooks.Page(
        path=path,
        name=page.command.command_name().split(".")[1],
        title=page.command.lazy_title(),
        permission=MANAGE,
        view=page,
    )


hooks.plug(
    "operator",
    _page("flags/<int:flag_id>/extend/", Extend()),
    _page("flags/<int:flag_id>/transfer/", Transfer()),
    _page("flags/<int:flag_id>/retire/", Retire()),
    hooks.Page(
        path="flags/<int:flag_id>/history/",
        name="flag_history",
        title=_("History of a flag"),
        permission=VIEW,
        view=history_page,
    ),
)
for _plane in hooks.PLANES:
    hooks.plug(_plane, _page("flags/revisions/<int:revision_id>/restore/", Restore()))
