"""The flags of the platform: the list by state and staleness, and the page of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site
from apps.flags import queries
from apps.flags.models import Flag, FlagUsage, Kill, StaleFlag
from apps.flags.module import KILL, MANAGE, VIEW
from apps.flags.policies import day_of_expiry
from apps.flags.queries import State
from apps.flags.search import FLAGS
from apps.kernel.notation.shown import shown_day, shown_instant

from .kills import kill_form

GROUP = _("Feature flags")
STATES = Colours(
    {
        State.ON: "success",
        State.PARTIAL: "info",
        State.OFF: "",
        State.KILLED: "danger",
        State.SCHEDULED: "warning",
        State.RETIRED: "",
    }
)


class StateFilter(admin.SimpleListFilter):
    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Flag]) -> QuerySet[Flag]:
        if self.value() is None:
            return queryset
        statuses = queries.statuses(Flag.objects.all())
        keys = [key for key, status in statuses.items() if status.state == self.value()]
        return queryset.filter(key__in=keys)


class StaleFilter(admin.SimpleListFilter):
    title = _("Staleness")
    parameter_name = "stale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return (("yes", _("stale")), ("no", _("not stale")), ("expired", _("expired")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Flag]) -> QuerySet[Flag]:
        stale = Exists(StaleFlag.objects.filter(key=OuterRef("key"), ended_at=None))
        match self.value():
            case "yes":
                return queryset.filter(stale)
            case "no":
                return queryset.exclude(stale)
            case "expired":
                return queryset.filter(retired_at=None, expires_on__lt=day_of_expiry())
        return queryset


@admin.register(Flag, site=operator_site)
class FlagAdmin(ReadOnlyAdmin):
    """Flags with their state, owner, expiry and last evaluation."""

    empty_message = _("The feature flags of the platform appear here, with their state, owner and expiry.")
    creating_page = "create_flag"
    unfiltered = "flags are filtered by state and category; their instants are on their pages"
    list_display = (
        "key",
        "shown_state",
        "category",
        "owner",
        "expires",
        "last_evaluated",
        "staleness",
        "kill",
    )
    list_filter = (StateFilter, StaleFilter, "category", "posting")
    lookups = ("owner",)
    search = FLAGS
    ordering = ("key",)
    fields = (
        "description",
        ("shown_state", "category", "value_type"),
        ("owner", "expires", "extensions"),
        ("last_evaluated", "staleness", "posting"),
        ("created_at", "retired_at"),
    )
    readonly_fields = ("shown_state", "expires", "last_evaluated", "staleness")
    change_form_outer_before_template = "flags/flag_head.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        flags: QuerySet[Flag] = super().get_queryset(request)
        usage = FlagUsage.objects.filter(key=OuterRef("key"), span=FlagUsage.Span.DAY).order_by()
        stale = StaleFlag.objects.filter(key=OuterRef("key"), ended_at=None)
        return flags.annotate(
            seen_at=Subquery(usage.values("key").annotate(at=Max("last_at")).values("at")[:1]),
            is_stale=Exists(stale),
            is_killed=Exists(Kill.objects.filter(key=OuterRef("key"), revived_at=None)),
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        """The button only for those that may press it, and not in the file."""
        columns = super().get_list_display(request)
        if request.user.has_perm(KILL) and not request.path.endswith("/csv/"):
            return columns
        return [name for name in columns if name != "kill"]

    @display(description=_("State"), label=STATES)
    def shown_state(self, flag: Flag) -> str:
        return str(queries.statuses([flag])[flag.key].state.label)

    @admin.display(description=_("Expires"), ordering="expires_on")
    def expires(self, flag: Flag) -> str:
        return shown_day(flag.expires_on)

    @admin.display(description=_("Last seen"), ordering="seen_at")
    def last_evaluated(self, flag: Any) -> str:
        return shown_instant(flag.seen_at) if flag.seen_at else gettext("never")

    @admin.display(description=_("Staleness"))
    def staleness(self, flag: Any) -> str:
        if not flag.is_retired and flag.expires_on < day_of_expiry():
            return gettext("expired")
        return gettext("stale") if flag.is_stale else "—"

    @admin.display(description=_("Kill"))
    def kill(self, flag: Any) -> str:
        if flag.is_retired:
            return "—"
        if flag.is_killed:
            return gettext("killed")
        return format_html(
            '<a class="console-button console-button-danger" href="{}">{}<span class="console-hidden"> {}</span></a>',
            reverse("admin:kill_flag", args=[flag.pk]),
            gettext("Kill"),
            flag.key,
        )

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        create = (Link(gettext("Create a flag"), reverse("admin:create_flag"), "add"),)
        return (
            *(create if request.user.has_perm(MANAGE) else ()),
            Link(gettext("Flags by tenant"), reverse("admin:flag_matrix"), "grid_on"),
            Link(gettext("Why is it on?"), reverse("admin:explain_flag"), "help"),
        )

    def links(self, request: HttpRequest, obj: Flag) -> Sequence[Link]:
        why = Link(
            gettext("Why is it on?"), f"{reverse('admin:explain_flag')}?{_query(flag=obj.key)}", "help"
        )
        matrix = Link(gettext("By tenant"), f"{reverse('admin:flag_matrix')}?{_query(q=obj.key)}", "grid_on")
        history = _link(gettext("History"), "flag_history", obj, "history_edu")
        if obj.is_retired or not request.user.has_perm(MANAGE):
            return (why, matrix, history)
        return (
            _link(gettext("Edit"), "edit_flag", obj, "edit"),
            _link(gettext("Percentage"), "flag_percentage", obj, "percent"),
            why,
            matrix,
            history,
            _link(gettext("Extend"), "extend_flag", obj, "event"),
            _link(gettext("Transfer"), "transfer_flag", obj, "person"),
            _link(gettext("Retire"), "retire_flag", obj, "archive"),
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With the form that kills the flag."""
        flag = self.get_object(request, object_id)
        context: Mapping[str, Any] = kill_form(request, flag) if flag else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


def _link(title: str, page: str, flag: Flag, icon: str) -> Link:
    return Link(title, reverse(f"admin:{page}", args=[flag.pk]), icon)


def _query(**parameters: str) -> str:
    return urlencode(parameters)


hooks.plug(
    "operator",
    hooks.MenuItem(
        group=GROUP,
        title=_("Flags"),
        icon="flag",
        url="admin:flags_flag_changelist",
        permission=VIEW,
    ),
)
