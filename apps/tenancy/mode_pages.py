"""The page that sets a tenant's mode, in the operator's console."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ServerFields
from apps.console.edits import EditPage
from apps.console.widgets import Form, reason

from . import queries
from .commands import SetMode
from .lifecycle import AVAILABILITY, OF_MODE
from .models import Tenant

SET_MODE_PERMISSION = SetMode.permission
PARTS = (
    ("reads", _("reading")),
    ("writes", _("changes")),
    ("signs_in", _("signing in")),
    ("works", _("workers")),
    ("beats", _("scheduled tasks")),
    ("sends", _("webhooks")),
)


class ModeForm(Form):
    mode = forms.ChoiceField(
        choices=Tenant.Mode.choices,
        help_text=_("Read only: nothing can be changed. Maintenance: no access at all."),
    )
    reason = reason()


class SetModePage(EditPage):
    command, form, previews = SetMode, ModeForm, True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = queries.tenant_with_id(server_fields["tenant_id"])
        return (
            (gettext("Tenant"), tenant.name),
            (
                gettext("Status"),
                gettext("{state}, mode {mode}").format(
                    state=tenant.get_state_display().lower(), mode=tenant.get_mode_display().lower()
                ),
            ),
            (
                gettext("Read only"),
                gettext("{left} available; tasks and messages wait").format(left=_left("read_only")),
            ),
            (gettext("Maintenance"), gettext("nothing available; tasks and messages wait")),
        )

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = queries.tenant_with_id(server_fields["tenant_id"])
        now = AVAILABILITY[tenant.state, tenant.mode]
        then = AVAILABILITY[tenant.state, form.cleaned_data["mode"]]
        lost = [str(word) for part, word in PARTS if getattr(now, part) and not getattr(then, part)]
        regained = [str(word) for part, word in PARTS if getattr(then, part) and not getattr(now, part)]
        refusal = str(then.refusal(name=tenant)) if then.refusal else gettext("none; fully available")
        return (
            (gettext("Tenant"), tenant.name),
            (gettext("Would lose"), ", ".join(lost) or gettext("nothing")),
            (gettext("Would regain"), ", ".join(regained) or gettext("nothing")),
            (gettext("Message to users"), refusal),
        )

    def sentence(self, result: Tenant) -> str:
        return gettext("{result}: mode {mode}.").format(result=result, mode=result.get_mode_display().lower())

    def success_url(self, result: Tenant) -> str:
        return reverse("admin:tenancy_tenant_change", args=[result.pk])


def _left(mode: str) -> str:
    return ", ".join(str(word) for part, word in PARTS if getattr(OF_MODE[mode], part))


hooks.plug(
    "operator",
    hooks.Page(
        path="tenants/<int:tenant_id>/mode/",
        name="set_mode",
        title=_("Set mode"),
        permission=SET_MODE_PERMISSION,
        view=SetModePage(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Mode"),
        icon="build_circle",
        page="set_mode",
        permission=SET_MODE_PERMISSION,
    ),
)
