"""Change sets: the list, the page with differences and effect, and the buttons that publish or withdraw."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ReadOnlyAdmin, ServerFields
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form, ReasonForm
from apps.flags import queries
from apps.flags.commands import (
    CancelScheduledChange,
    PreviewChangeSet,
    PublishChangeSet,
    WithdrawChangeSet,
)
from apps.flags.models import ChangeSet, Revision
from apps.flags.module import MANAGE, VIEW_CHANGE_SETS
from apps.kernel.clock import now
from apps.kernel.notation.shown import shown_instant

from .effect import effect_of

STATES = Colours(
    {
        ChangeSet.State.DRAFT: "info",
        ChangeSet.State.PUBLISHED: "success",
        ChangeSet.State.WITHDRAWN: "",
        ChangeSet.State.VOID: "warning",
        ChangeSet.State.CANCELLED: "",
    }
)


@admin.register(ChangeSet, site=tenant_site)
@admin.register(ChangeSet, site=operator_site)
class ChangeSetAdmin(ReadOnlyAdmin):
    """Drafts, and what was published, withdrawn, or void."""

    empty_message = _("Changes of what flags serve appear here, as drafts until they are published.")
    created_by = "the form that edits a flag"
    list_display = ("__str__", "shown_state", "changed", "reason", "author_name", "made_at", "published_at")
    list_filter = ("state", "made_at")
    search_fields = ("reason", "author_name", "revisions__key")
    ordering = ("-id",)
    fields = (
        ("shown_state", "origin"),
        "reason",
        ("author_name", "made_at"),
        ("effective_at", "published_at"),
        "shown_warnings",
    )
    readonly_fields = ("shown_state", "shown_warnings")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("revisions")

    @display(description=_("State"), label=STATES)
    def shown_state(self, change_set: ChangeSet) -> str:
        return change_set.get_state_display()

    @admin.display(description=_("Changes"))
    def changed(self, change_set: ChangeSet) -> str:
        names = sorted(revision.key for revision in change_set.revisions.all())
        number = len(names) - 3
        more = ngettext("and {number} more", "and {number} more", number).format(number=number)
        return ", ".join(names[:3]) + (f" {more}" if number > 0 else "")

    @admin.display(description=_("Warnings"))
    def shown_warnings(self, change_set: ChangeSet) -> str:
        texts = [
            gettext("{place} of {key}: {message}").format(
                place=warning.get("place") or "/",
                key=warning.get("key", ""),
                message=warning.get("message", ""),
            )
            for warning in change_set.warnings
        ]
        return "; ".join(texts) or gettext("none")

    def links(self, request: HttpRequest, obj: ChangeSet) -> Sequence[Link]:
        if not request.user.has_perm(MANAGE):
            return ()
        if obj.is_waiting(now()):
            return (_link(gettext("Cancel"), "cancel_scheduled_change", obj, "event_busy"),)
        if not obj.is_draft:
            return ()
        return (
            _link(gettext("Publish"), "publish_change_set", obj, "publish"),
            _link(gettext("Compute the effect"), "preview_change_set", obj, "calculate"),
            _link(gettext("Withdraw"), "withdraw_change_set", obj, "undo"),
        )


def _link(title: str, page: str, change_set: ChangeSet, icon: str) -> Link:
    return Link(title, reverse(f"admin:{page}", args=[change_set.pk]), icon)


def shown_value(value: Any) -> str:
    """A part of a document; a dash for none."""
    if value is None:
        return "—"
    if value in ([], {}):
        return gettext("none")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def differences_of(request: HttpRequest, change_set: ChangeSet) -> Mapping[str, Any]:
    """Before and after by place; of a draft whose base is no longer the last revision also what was published."""
    conflicts = dict(queries.conflicts_of(change_set)) if change_set.state in ("draft", "void") else {}
    parts = []
    headers: Sequence[str]
    rows: list[Sequence[str]]
    for revision, differences in queries.changes_of(change_set):
        merged = conflicts.get(revision)
        if merged is None:
            headers = (gettext("Place"), gettext("Before"), gettext("After"))
            rows = [
                (one.place or "/", shown_value(one.before), shown_value(one.after)) for one in differences
            ]
        else:
            headers = (gettext("Place"), gettext("Base"), gettext("Published meanwhile"), gettext("Proposed"))
            rows = [
                (
                    _marked(one.place or "/", one.is_conflict),
                    *map(shown_value, (one.base, one.published, one.proposed)),
                )
                for one in merged
            ]
        parts.append(
            {
                "title": f"{Revision.Kind(revision.kind).label} {revision.key}",
                "is_removal": revision.document is None,
                "is_conflict": merged is not None,
                "headers": headers,
                "rows": rows,
            }
        )
    return {"parts": parts}


def _marked(place: str, is_conflict: bool) -> str:
    return gettext("{place} (conflict)").format(place=place) if is_conflict else place


def effect_section(request: HttpRequest, change_set: ChangeSet) -> Mapping[str, Any]:
    return effect_of(change_set.preview)


class _OnChangeSet(CommandPage):
    form: type[forms.Form] = ReasonForm

    def facts(self, server_fields: ServerFields) -> Facts:
        change_set = queries.change_set_with_id(server_fields["change_set_id"])
        if change_set is None:
            raise Http404
        facts = [
            (gettext("Change set"), str(change_set)),
            (gettext("State"), change_set.get_state_display()),
            (gettext("Changes"), ", ".join(row.key for row in queries.revisions_of(change_set))),
            (gettext("Reason"), change_set.reason),
        ]
        if change_set.effective_at:
            facts.append((gettext("Takes effect"), shown_instant(change_set.effective_at)))
        if change_set.preview:
            facts.append((gettext("Effect"), effect_of(change_set.preview)["sentence"]))
        return facts

    def success_url(self, result: ChangeSet) -> str:
        return page_of(result)


def page_of(change_set: ChangeSet) -> str:
    return reverse("admin:flags_changeset_change", args=[change_set.pk])


class Publish(_OnChangeSet):
    command: type[Command] = PublishChangeSet

    def sentence(self, result: ChangeSet) -> str:
        return gettext("The change is published.")


class Withdraw(_OnChangeSet):
    command: type[Command] = WithdrawChangeSet
    danger = True

    def sentence(self, result: ChangeSet) -> str:
        return gettext("The draft is withdrawn.")


class Cancel(_OnChangeSet):
    command: type[Command] = CancelScheduledChange
    danger = True

    def sentence(self, result: ChangeSet) -> str:
        return gettext("The change is cancelled. What is served stays.")


class Compute(_OnChangeSet):
    command: type[Command] = PreviewChangeSet
    form = Form

    def sentence(self, result: ChangeSet) -> str:
        return gettext("The effect is computed.")


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group=_("Feature flags"),
            title=_("Change sets"),
            icon="difference",
            url="admin:flags_changeset_changelist",
            permission=VIEW_CHANGE_SETS,
        ),
        *(
            hooks.Page(
                path=f"flags/change-sets/<int:change_set_id>/{path}/",
                name=page.command.command_name().split(".")[1],
                title=page.command.lazy_title(),
                permission=MANAGE,
                view=page,
            )
            for path, page in (
                ("publish", Publish()),
                ("withdraw", Withdraw()),
                ("cancel", Cancel()),
                ("effect", Compute()),
            )
        ),
        hooks.Section(
            model="flags.changeset",
            title=_("Differences"),
            permission=VIEW_CHANGE_SETS,
            template="flags/differences.html",
            context=differences_of,
        ),
        hooks.Section(
            model="flags.changeset",
            title=_("Effect on users"),
            permission=VIEW_CHANGE_SETS,
            template="flags/effect.html",
            context=effect_section,
        ),
    )
