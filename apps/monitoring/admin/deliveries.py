"""Replaying and dropping deliveries, in the operator's console."""

from __future__ import annotations

from collections.abc import Sequence
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
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, ReasonForm, reason
from apps.events import SUBSCRIBERS
from apps.events import queries as events
from apps.events.models import Delivery
from apps.kernel.db import databases
from apps.kernel.notation.form_fields import InstantField
from apps.kernel.notation.shown import shown_instant
from apps.kernel.tenant import HOME
from apps.monitoring import queries
from apps.monitoring.commands import MANAGE, DropDelivery, ReplayDeliveries, ReplayDelivery, ReplayEvents

VIEW_PERMISSION = "events.view_delivery"


def subscribers_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    return TemplateResponse(
        request,
        "monitoring/subscribers.html",
        context | {"rows": events.subscribers(), "may_manage": request.user.has_perm(MANAGE)},
    )


class OneDelivery(CommandPage):
    """The page of a command about one delivery, with its facts."""

    form = ReasonForm

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        delivery = _delivery(server_fields["database"], server_fields["delivery_id"])
        unsettled = Delivery.objects.using(delivery._state.db).unsettled().with_same_ordering_key(delivery)
        tenant = queries.tenant_names().get(delivery.tenant_id, str(delivery.tenant_id))
        behind = unsettled.filter(event_id__gt=delivery.event_id)
        return (
            (gettext("Subscriber"), delivery.subscriber),
            (
                gettext("Event"),
                gettext("{event} of {occurred_at}").format(
                    event=delivery.event, occurred_at=shown_instant(delivery.event.occurred_at)
                ),
            ),
            (gettext("Tenant"), tenant),
            (gettext("Database"), server_fields["database"]),
            (
                gettext("Status"),
                gettext("{status} after {attempts} attempts").format(
                    status=delivery.get_status_display(), attempts=delivery.attempts
                ),
            ),
            (gettext("Last error"), delivery.last_error or "—"),
            (gettext("Waiting behind it"), f"{behind.count():,}"),
        )

    def sentence(self, result: Delivery) -> str:
        return gettext("{result}: {status}. Actor and reason are in the audit log.").format(
            result=result, status=result.get_status_display().lower()
        )

    def success_url(self, result: Delivery) -> str:
        row, key = reverse("admin:events_delivery_change", args=[result.pk]), databases.key_of(result)
        return f"{row}?{urlencode({'database': key})}" if key else row


class Replay(OneDelivery):
    command = ReplayDelivery


class Drop(OneDelivery):
    command = DropDelivery
    danger = True


class ReplayDeadLettersForm(Form):
    subscriber = forms.ChoiceField(choices=lambda: [(name, name) for name in sorted(SUBSCRIBERS)])
    tenant = forms.CharField(required=False, help_text=_("Short name; empty for all tenants."))
    database = forms.ChoiceField(
        choices=lambda: [(key, key) for key in databases.known()],
        required=False,
        help_text=_("The database of the tenant."),
    )
    reason = reason()

    def clean_database(self) -> str:
        return self.cleaned_data["database"] or HOME


class ReplayEventsForm(ReplayDeadLettersForm):
    event = forms.ChoiceField(choices=lambda: [(name, name) for name in events.event_names()])
    since = InstantField(help_text=_("In UTC, such as 2026-01-31 00:00."))
    field_order = ("event", "since", "subscriber", "tenant", "database", "reason")


class ReplayDeadLetters(CommandPage):
    command: type[Command] = ReplayDeliveries
    form: type[forms.Form] = ReplayDeadLettersForm

    def sentence(self, result: int) -> str:
        return gettext("{result:,} will be delivered again.").format(result=result)

    def success_url(self, result: int) -> str:
        return "admin:subscribers"


class ReplayPastEvents(ReplayDeadLetters):
    command = ReplayEvents
    form = ReplayEventsForm


def _delivery(database: str, delivery_id: int) -> Delivery:
    if database not in databases.known():
        raise Http404
    rows = Delivery.objects.using(databases.runtime(database)).select_related("event")
    delivery = rows.filter(pk=delivery_id).first()
    if delivery is None:
        raise Http404
    return delivery


hooks.plug(
    "operator",
    hooks.Page(
        path="subscribers/",
        name="subscribers",
        title=_("Subscribers"),
        permission=VIEW_PERMISSION,
        view=subscribers_page,
        group=_("System"),
        icon="rss_feed",
    ),
    hooks.Page(
        path="subscribers/replay/",
        name="replay_deliveries",
        title=_("Replay dead letters"),
        permission=MANAGE,
        view=ReplayDeadLetters(),
    ),
    hooks.Page(
        path="subscribers/replay-events/",
        name="replay_events",
        title=_("Replay events"),
        permission=MANAGE,
        view=ReplayPastEvents(),
    ),
    hooks.Page(
        path="deliveries/<str:database>/<int:delivery_id>/replay/",
        name="replay_delivery",
        title=_("Replay delivery"),
        permission=MANAGE,
        view=Replay(),
    ),
    hooks.Page(
        path="deliveries/<str:database>/<int:delivery_id>/drop/",
        name="drop_delivery",
        title=_("Drop delivery"),
        permission=MANAGE,
        view=Drop(),
    ),
)
