"""The form that edits what a flag serves: it makes a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.console.widgets import reason
from apps.flags import queries
from apps.flags.commands import UpdateFlag
from apps.flags.errors import FlagConflict
from apps.flags.models import ChangeSet, Flag, Revision
from apps.flags.module import MANAGE
from apps.kernel import strict_json
from apps.kernel.errors import Refusal
from apps.kernel.features import DECLARED
from apps.kernel.notation.form_fields import InstantField, WholeNumberField

from .change_sets import page_of, shown_value
from .documents import DocumentForm, document_of, fields_of, place_problems
from .kills import flag_with_id


class EditForm(DocumentForm):
    effective_at = InstantField(
        label=_("Takes effect"), required=False, help_text=_("Empty: at its publication.")
    )
    base = WholeNumberField(widget=forms.HiddenInput)
    reason = reason()


def published_of(flag: Flag) -> tuple[dict[str, Any], int]:
    """The last published document, and the number of its revision; before the first, the last draft or what the code
    declares."""
    revision = queries.latest("flag", flag.key)
    if revision is not None and revision.document is not None:
        return revision.document, revision.pk
    declared = DECLARED.get(flag.key)
    number = revision.pk if revision is not None else 0
    return _drafted(flag) or (declared.document if declared else empty_document(flag)), number


def _drafted(flag: Flag) -> dict[str, Any] | None:
    """The document of the last draft."""
    drafts = Revision.objects.filter(
        kind=Revision.Kind.FLAG, key=flag.key, change_set__state=ChangeSet.State.DRAFT
    )
    return drafts.order_by("-pk").values_list("document", flat=True).first()


def empty_document(flag: Flag) -> dict[str, Any]:
    is_boolean = flag.value_type == Flag.ValueType.BOOLEAN
    return {
        "format": 1,
        "key": flag.key,
        "type": flag.value_type,
        "variants": {"on": True, "off": False} if is_boolean else {},
        "default_variant": "on" if is_boolean else None,
        "off_variant": "off" if is_boolean else None,
        "enabled": True,
        "bucketer": "bursar-1",
        "salt": flag.key,
        "posting": flag.posting,
    }


class EditDocument(CommandPage):
    command: type[Command] = UpdateFlag
    form: type[forms.Form] = EditForm
    template = "flags/edit.html"

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        document, base = published_of(flag_with_id(server_fields["flag_id"]))
        return {"initial": {**fields_of(document), "base": base}}

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        flag = flag_with_id(server_fields["flag_id"])
        fields = form.cleaned_data
        return UpdateFlag(
            key=flag.key,
            document=document_of(fields, published_of(flag)[0]),
            base=fields["base"],
            reason=fields["reason"],
            effective_at=fields["effective_at"],
        )

    def facts(self, server_fields: ServerFields) -> Facts:
        flag = flag_with_id(server_fields["flag_id"])
        revision = published_of(flag)[1]
        return (
            (gettext("Flag"), flag.key),
            (gettext("Type"), flag.get_value_type_display()),
            (gettext("Published"), gettext("revision {number}").format(number=revision) if revision else "—"),
        )

    def refused(
        self,
        request: HttpRequest,
        refusal: Refusal,
        form: forms.Form,
        context: dict[str, Any],
        server_fields: ServerFields,
    ) -> HttpResponseBase:
        """Problems beside their fields; after another publication the three versions of what differs."""
        others = place_problems(form, refusal.refusals)
        page = self._page(form, others, server_fields) | {"merged": _merged(refusal.refusals)}
        status = max(one.status for one in refusal.refusals)
        return TemplateResponse(request, self.template, context | page, status=status)

    def _page(
        self, form: forms.Form, refusals: Sequence[Refusal], server_fields: ServerFields
    ) -> dict[str, Any]:
        return super()._page(form, refusals, server_fields) | {"button": gettext("Store as a draft")}

    def sentence(self, result: ChangeSet) -> str:
        return gettext("The draft is stored. Check its effect, then publish it.")

    def success_url(self, result: ChangeSet) -> str:
        return page_of(result)


def _merged(refusals: Sequence[Refusal]) -> Mapping[str, Any] | None:
    """The table of the places that differ, of a draft whose base is no longer the last revision."""
    for refusal in refusals:
        if isinstance(refusal, FlagConflict) and refusal.context.get("diff"):
            rows = strict_json.loads(str(refusal.context["diff"]))
            return {
                "headers": (
                    gettext("Place"),
                    gettext("When you opened the form"),
                    gettext("Now"),
                    gettext("Your input"),
                ),
                "rows": [
                    (
                        row["place"] or "/",
                        *(shown_value(row[name]) for name in ("base", "published", "proposed")),
                    )
                    for row in rows
                ],
            }
    return None


hooks.plug(
    "operator",
    hooks.Page(
        path="flags/<int:flag_id>/edit/",
        name="edit_flag",
        title=_("Edit a flag"),
        permission=MANAGE,
        view=EditDocument(),
    ),
)
