"""Commands on several rows of a list: a preview of each row, and after a confirmation one command for each row.

The preview runs the commands in their order and rolls them back, so that a row shows what the rows before it change,
such as the number of an entry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext

from apps.bus import Command, dispatch_once, dry_run_in_order
from apps.bus.idempotency.repeats import was_executed
from apps.console.errors import RowChanged, RowGone, TooManyChosen
from apps.console.form_keys import key_of
from apps.kernel.actors import Actor
from apps.kernel.errors import Refusal

from .amounts import amount_of

MAX_ROWS = 200
CONFIRM, PREVIEW = "confirm", "preview"
DIGEST = "digest_"
"""Prefix of the hidden inputs with the digest of each row in the preview, by its number."""


@dataclass(frozen=True, kw_only=True)
class BulkCommand:
    """A command that a list offers for several rows.

    build     the command for a row, with the values of the form
    sentence  the outcome of the command, as text
    order     the order in which the rows are handled
    form      fields that all rows share, such as a reason
    """

    name: str
    title: str | Promise
    command: type[Command]
    build: Callable[[Any, Mapping[str, Any]], Command]
    sentence: Callable[[Any], str]
    order: tuple[str, ...] = ("pk",)
    form: type[Form] = Form

    def __post_init__(self) -> None:
        if self.command.fresh_authentication_s:
            raise TypeError(f"{self.name}: the page of a bulk command asks for no password.")


@dataclass(frozen=True)
class RowOutcome:
    """What happens to a row, or happened: a sentence, or the refusals."""

    row: str
    url: str
    sentence: str = ""
    refusals: Sequence[Refusal] = ()


def actions(admin: Any, request: HttpRequest) -> dict[str, tuple[Any, str, Any]]:
    """The bulk commands that the user may run, as actions of Django's list."""
    return {
        bulk.name: (_action(bulk), bulk.name, bulk.title)
        for bulk in admin.bulk
        if request.user.has_perm(bulk.command.permission)
    }


def _action(bulk: BulkCommand) -> Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponseBase]:
    def page(admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponseBase:
        form = bulk.form(request.POST if {CONFIRM, PREVIEW} & request.POST.keys() else None)
        rows = _rows(admin, request, bulk, chosen)
        key = key_of(bulk.form(request.POST))
        is_confirmed = CONFIRM in request.POST and form.is_valid()
        shows_preview = not is_confirmed and (not form.fields or form.is_valid())
        outcomes: Sequence[RowOutcome] = ()
        if is_confirmed:
            outcomes = [*_run(admin, request, bulk, rows, form.cleaned_data, key), *_gone(request, rows)]
        elif shows_preview:
            outcomes = _previewed(admin, request, bulk, rows, form.cleaned_data if form.is_bound else {})
        page = {
            **admin.admin_site.each_context(request),
            "title": bulk.title,
            "description": bulk.command.help_text(),
            "form": form,
            "key": key,
            "bulk": bulk,
            "chosen": [(row.pk, _digest(admin, row)) for row in rows],
            "checkbox": ACTION_CHECKBOX_NAME,
            "outcomes": outcomes,
            "is_done": is_confirmed,
            "may_confirm": shows_preview and any(outcome.sentence for outcome in outcomes),
            "summary": _summary(outcomes, len(outcomes) or len(rows), is_confirmed),
            "list_url": request.get_full_path(),
        }
        return TemplateResponse(request, "console/bulk.html", page)

    return page


def _rows(admin: Any, request: HttpRequest, bulk: BulkCommand, chosen: QuerySet[Any]) -> list[Any]:
    """The chosen rows in the order of the command. Those of a confirmation are no longer filtered: the preview listed
    them, and a row that has left the filter since is refused as changed.

    Raises TooManyChosen.
    """
    if {CONFIRM, PREVIEW} & request.POST.keys():
        numbers = request.POST.getlist(ACTION_CHECKBOX_NAME)[: MAX_ROWS + 1]
        chosen = admin.get_queryset(request).filter(pk__in=numbers)
    rows = list(chosen.order_by(*bulk.order)[: MAX_ROWS + 1])
    if len(rows) > MAX_ROWS:
        raise TooManyChosen(limit=MAX_ROWS)
    return rows


def _previewed(
    admin: Any, request: HttpRequest, bulk: BulkCommand, rows: Sequence[Any], values: Mapping[str, Any]
) -> list[RowOutcome]:
    commands = [bulk.build(row, values) for row in rows]
    trials = dry_run_in_order(commands, actor=_actor(request), describe=bulk.sentence)
    return [
        RowOutcome(*_named(admin, request, row), trial.description, trial.refusals)
        for row, trial in zip(rows, trials, strict=True)
    ]


def _run(
    admin: Any,
    request: HttpRequest,
    bulk: BulkCommand,
    rows: Sequence[Any],
    values: Mapping[str, Any],
    key: str,
) -> list[RowOutcome]:
    outcomes = []
    for row in rows:
        named = _named(admin, request, row)
        command, actor, row_key = bulk.build(row, values), _actor(request), f"{key}.{row.pk}"
        try:
            if _was_changed(admin, request, row) and not was_executed(command, actor=actor, key=row_key):
                raise RowChanged
            outcome = dispatch_once(command, actor=actor, key=row_key)
        except Refusal as refusal:
            outcomes.append(RowOutcome(*named, "", refusal.refusals))
        else:
            outcomes.append(RowOutcome(*named, bulk.sentence(outcome.result)))
    return outcomes


def _was_changed(admin: Any, request: HttpRequest, row: Any) -> bool:
    """Whether the row differs from that of the preview."""
    return request.POST.get(f"{DIGEST}{row.pk}") != _digest(admin, row)


def _digest(admin: Any, row: Any) -> str:
    """Of the columns of the row, and of the amounts that the list shows of it, which may be those of its lines."""
    amounts = [amount_of(admin, name) for name in admin.list_display]
    values = (
        [str(getattr(row, column.attname)) for column in row._meta.concrete_fields],
        [str(money) for amount in amounts if amount for money in amount.money(row)],
    )
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _gone(request: HttpRequest, rows: Sequence[Any]) -> list[RowOutcome]:
    """Rows of the preview that were deleted since."""
    left = {str(row.pk) for row in rows}
    return [
        RowOutcome(number, request.get_full_path(), refusals=(RowGone(),))
        for number in request.POST.getlist(ACTION_CHECKBOX_NAME)
        if number not in left
    ]


def _named(admin: Any, request: HttpRequest, row: Any) -> tuple[str, str]:
    return str(row), admin.url_of(request, row)


def _summary(outcomes: Sequence[RowOutcome], rows: int, is_done: bool) -> str:
    if not outcomes:
        return ngettext("{number} row is chosen.", "{number} rows are chosen.", rows).format(number=rows)
    accepted = sum(not outcome.refusals for outcome in outcomes)
    refused = len(outcomes) - accepted
    if is_done:
        return gettext("Done for {accepted} of {rows} rows, {refused} refused.").format(
            accepted=accepted, rows=rows, refused=refused
        )
    return gettext(
        "Nothing is done yet. Of {rows} rows, {accepted} will be done and {refused} refused."
    ).format(rows=rows, accepted=accepted, refused=refused)


def _actor(request: HttpRequest) -> Actor:
    user: Any = request.user
    actor: Actor = user
    return actor
