"""The flags of a tenant: what applies to it, its own narrowing, its kills, and the history of its overrides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.console.form_keys import key_of
from apps.console.row_links import Link
from apps.console.widgets import Form, ReasonForm
from apps.console.widgets import reason as reason_field
from apps.flags import queries
from apps.flags.commands import ItemChange, ProposeChange
from apps.flags.models import ChangeSet, Kill
from apps.flags.module import KILL, MANAGE, VIEW
from apps.identity import queries as identity
from apps.kernel.errors import Refusal
from apps.kernel.notation.form_fields import WholeNumberField

from .change_sets import page_of
from .documents import PercentageField
from .kills import KillPage
from .life_cycle import history_of
from .narrowing import MAX_USERS, AppliedFlag, visible_flags
from .wording import percent_text

OVERRIDE = "override"


def list_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    may_kill = request.user.has_perm(KILL)
    flags = visible_flags().values()
    rows = [
        {
            "flag": flag,
            "url": reverse("admin:tenant_flag", args=[flag.key]),
            "state": _state(flag),
            "narrowing": _narrowing(flag),
            "kill_url": reverse("admin:kill_tenant_flag", args=[flag.key])
            if may_kill and not flag.is_killed
            else "",
        }
        for flag in flags
    ]
    page = {
        "rows": rows,
        "may_kill": may_kill,
        "is_sample": any(flag.users == MAX_USERS for flag in flags),
    }
    return TemplateResponse(request, "flags/tenant_flags.html", context | page)


def flag_page(request: HttpRequest, *, context: dict[str, Any], flag_key: str) -> HttpResponseBase:
    flag = _visible(flag_key)
    active = Kill.objects.filter(key=flag.key, revived_at=None).first()
    form = ReasonForm()
    page = {
        "title": gettext("Flag {key}").format(key=flag.key),
        "flag": flag,
        "facts": (
            (gettext("State"), _state(flag)),
            (gettext("Your narrowing"), _narrowing(flag)),
            *(((gettext("Description"), flag.description),) if flag.description else ()),
        ),
        "links": list(_links(request, flag)),
        **history_of(request, OVERRIDE, flag.key),
    }
    if active:
        page |= {
            "active_kill": active,
            "active_kill_url": reverse("admin:flags_kill_change", args=[active.pk]),
        }
    elif request.user.has_perm(KILL):
        url = reverse("admin:kill_tenant_flag", args=[flag.key])
        page |= {"kill_form": form, "kill_url": url, "kill_key": key_of(form)}
    return TemplateResponse(request, "flags/tenant_flag.html", context | page)


def _links(request: HttpRequest, flag: AppliedFlag) -> Iterator[Link]:
    if request.user.has_perm(MANAGE):
        yield Link(gettext("Narrow"), reverse("admin:narrow_flag", args=[flag.key]), "tune")
    why = f"{reverse('admin:explain_flag')}?{urlencode({'flag': flag.key})}"
    yield Link(gettext("Why is it on?"), why, "help")


def _state(flag: AppliedFlag) -> str:
    if flag.is_killed:
        return gettext("Killed for your users")
    if not flag.on_for:
        return gettext("Off for all of your users")
    if flag.on_for == flag.users:
        return gettext("On for all of your users")
    return gettext("On for {number} of {users} users").format(
        number=f"{flag.on_for:,}", users=f"{flag.users:,}"
    )


def _narrowing(flag: AppliedFlag) -> str:
    override = flag.override
    if override is None:
        return gettext("none")
    if not override.enabled:
        return gettext("off")
    parts = []
    if override.roles:
        parts.append(gettext("only for {roles}").format(roles=", ".join(override.roles)))
    if override.percentage is not None:
        parts.append(gettext("at most {share}").format(share=percent_text(override.percentage)))
    return "; ".join(parts) or gettext("none")


def _visible(key: str) -> AppliedFlag:
    flag = visible_flags().get(key)
    if flag is None:
        raise Http404
    return flag


class NarrowForm(Form):
    enabled = forms.BooleanField(
        label=_("As the platform serves it"), required=False, help_text=_("Without it, the flag is off.")
    )
    roles = forms.MultipleChoiceField(
        label=_("Only for roles"), required=False, widget=forms.CheckboxSelectMultiple
    )
    percentage = PercentageField(
        label=_("At most, in percent"), required=False, help_text=_("Empty: as the platform serves it.")
    )
    base = WholeNumberField(widget=forms.HiddenInput)
    reason = reason_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("roles", [(name, name) for name in identity.standard_roles()])
        self.apply_widgets()


class Narrow(CommandPage):
    """A tenant's override: it only narrows. Without any narrowing the override is removed."""

    command: type[Command] = ProposeChange
    form: type[forms.Form] = NarrowForm

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        flag = _visible(server_fields["flag_key"])
        revision = queries.latest(OVERRIDE, flag.key)
        document = (revision.document if revision else None) or {}
        return {
            "initial": {
                "enabled": document.get("enabled", True),
                "roles": list(document.get("roles") or ()),
                "percentage": document.get("percentage"),
                "base": revision.pk if revision else 0,
            }
        }

    def facts(self, server_fields: ServerFields) -> Facts:
        flag = _visible(server_fields["flag_key"])
        return ((gettext("Flag"), flag.key), (gettext("State"), _state(flag)))

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        fields, key = form.cleaned_data, _visible(server_fields["flag_key"]).key
        document: dict[str, Any] = {"format": 1, "key": key, "enabled": fields["enabled"]}
        if fields["roles"]:
            document["roles"] = list(fields["roles"])
        if fields["percentage"] is not None:
            document["percentage"] = float(fields["percentage"])
        narrows = not fields["enabled"] or len(document) > 3
        item = ItemChange(OVERRIDE, key, document if narrows else None, fields["base"])
        return ProposeChange(items=(item,), reason=fields["reason"])

    def _page(
        self, form: forms.Form, refusals: Sequence[Refusal], server_fields: ServerFields
    ) -> dict[str, Any]:
        return super()._page(form, refusals, server_fields) | {"button": gettext("Store as a draft")}

    def sentence(self, result: ChangeSet) -> str:
        return gettext("The draft is stored. Check its effect, then publish it.")

    def success_url(self, result: ChangeSet) -> str:
        return page_of(result)


class KillOwn(KillPage):
    def key_of_flag(self, server_fields: ServerFields) -> str:
        return _visible(server_fields["flag_key"]).key


def _page(path: str, name: str, title: Any, permission: str, view: Any, **menu: Any) -> hooks.Page:
    return hooks.Page(path=path, name=name, title=title, permission=permission, view=view, **menu)


_FLAG = "feature-flags/<str:flag_key>/"
hooks.plug(
    "tenant",
    _page(
        "feature-flags/",
        "tenant_flags",
        _("Feature flags"),
        VIEW,
        list_page,
        group=_("Feature flags"),
        icon="flag",
    ),
    _page(_FLAG, "tenant_flag", _("Feature flag"), VIEW, flag_page),
    _page(f"{_FLAG}narrow/", "narrow_flag", _("Narrow a flag"), MANAGE, Narrow()),
    _page(f"{_FLAG}kill/", "kill_tenant_flag", _("Kill flag"), KILL, KillOwn()),
)
