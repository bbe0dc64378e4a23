"""Pages for money on account."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin, ReadOnlyInline
from apps.console.list_filters import known_values
from apps.console.lists.amounts import amount_column
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.kernel.search import May
from apps.payments import queries
from apps.payments.models import Credit, CreditApplication, CreditRefund
from apps.payments.models.credits import CREDIT
from apps.payments.providers import PROVIDERS
from apps.payments.search import CREDITS

VIEW, CONFIRM, REFUND = "payments.view_credit", "payments.confirm_payment", "payments.refund_payment"
OF_PROVIDER = known_values(lambda _: sorted({*PROVIDERS, CREDIT}))


class ApplicationInline(ReadOnlyInline):
    model = CreditApplication
    fields = ("payment", "shown_amount", "applied_at")
    readonly_fields = fields
    verbose_name_plural = _("applied to")

    shown_amount = amount_column("amount", description=_("Amount"))


class CreditRefundInline(ReadOnlyInline):
    model = CreditRefund
    fields = ("reference", "shown_amount", "reason", "requested_at", "sent_at", "entry")
    readonly_fields = fields
    verbose_name_plural = _("refunds")

    shown_amount = amount_column("amount", description=_("Amount"))


class OpenFilter(admin.SimpleListFilter):
    title = _("open amount")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, str]]:
        return (("yes", gettext("Open")), ("no", gettext("Used up")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Credit]) -> QuerySet[Credit]:
        match self.value():
            case "yes":
                return queryset.filter(used_minor__lt=F("amount_minor"))
            case "no":
                return queryset.filter(used_minor=F("amount_minor"))
        return queryset


@admin.register(Credit, site=tenant_site)
class CreditAdmin(ReadOnlyAdmin):
    """Money on account, the latest first."""

    created_by = "transfers of payments"
    empty_message = _("Part payments, overpayments and money without a payment appear here.")
    list_display = (
        "number",
        "payer_name",
        "reference",
        "shown_amount",
        "shown_unused",
        "provider",
        "received_at",
    )
    list_filter = (OpenFilter, "received_at", "currency", ("provider", OF_PROVIDER))
    search = CREDITS
    search_help_text = _("Number, customer, reference, amount, or the id of the transfer")
    ordering = ("-id",)
    inlines = (ApplicationInline, CreditRefundInline)
    fields = (
        ("number", "payer_name", "reference"),
        ("shown_amount", "shown_unused"),
        ("provider", "provider_payment_id"),
        ("received_at", "entry"),
    )
    readonly_fields = ("number", "shown_amount", "shown_unused")

    @admin.display(description=_("Number"), ordering="id")
    def number(self, credit: Credit) -> str:
        return credit.number

    shown_amount = amount_column("amount", description=_("Amount"), minor="amount_minor")
    shown_unused = amount_column(
        lambda credit: [credit.unused] if credit.unused.minor else [],
        description=_("Open amount"),
        minor=F("amount_minor") - F("used_minor"),
    )

    def links(self, request: HttpRequest, obj: Credit) -> Sequence[Link]:
        links = []
        if obj.unused.minor and request.user.has_perm(CONFIRM):
            links.append(Link(gettext("Apply"), reverse("admin:apply_credit", args=[obj.pk]), "task_alt"))
        if obj.unused.minor and request.user.has_perm(REFUND):
            links.append(Link(gettext("Refund"), reverse("admin:refund_credit", args=[obj.pk]), "undo"))
        return links


def _hits(credits: Sequence[Credit], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            credit.number,
            hooks.described(
                gettext("Credit"),
                credit.payer_name or credit.reference,
                credit.amount,
                gettext("{amount} open").format(amount=credit.unused)
                if credit.unused.minor
                else gettext("used up"),
            ),
            reverse("admin:payments_credit_change", args=[credit.pk]),
            "savings",
        )
        for credit in credits
    ]


def _on_account() -> hooks.Reading:
    totals = " · ".join(str(total) for total in queries.on_account()) or gettext("none")
    return hooks.Reading(Credit.objects.open().count(), totals)


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Stock and payments"),
        title=_("Money on account"),
        icon="savings",
        url="admin:payments_credit_changelist",
        permission=VIEW,
    ),
    hooks.Figure(
        title=_("Money on account"),
        permission=VIEW,
        icon="savings",
        read=_on_account,
        link="admin:payments_credit_changelist",
        query="?open=yes",
    ),
    hooks.RowSearch(permission=VIEW, search=CREDITS, rows=lambda: Credit.objects.order_by("-id"), hits=_hits),
)
