"""Pages for items with their stock, reservations and stock movements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ReadOnlyInline, ServerFields
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.console.widgets import Form, ReasonForm, reason
from apps.kernel.notation.form_fields import WholeNumberField
from apps.kernel.search import May

from . import item_pages, queries
from .commands import AddItem, CountStock, ReceiveStock, ReleaseStock
from .models import Item, Reservation, ReservationLine, StockMove
from .search import ITEMS

LIST = "admin:inventory_item_changelist"
VIEW, MANAGE, MOVE, RESERVE = (
    "inventory.view_item",
    "inventory.manage_items",
    "inventory.move_stock",
    "inventory.reserve_stock",
)
STATES = Colours(
    {
        Reservation.State.RESERVED: "info",
        Reservation.State.RELEASED: "warning",
        Reservation.State.FULFILLED: "success",
    }
)


@admin.register(Item, site=tenant_site)
class ItemAdmin(ReadOnlyAdmin):
    """All items with their stock."""

    unfiltered = "an item has no state: it is searched by SKU and name"
    empty_message = _("The items in stock appear here, with the quantities on hand, reserved and available.")
    creating_page = "add_item"
    list_display = ("sku", "name", "unit", "on_hand", "reserved", "available", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("stock",)
    search = ITEMS
    search_help_text = _("SKU or name")
    ordering = ("sku",)
    fields = (("sku", "name", "unit", "is_active"), ("on_hand", "reserved", "available"))
    readonly_fields = ("on_hand", "reserved", "available")

    @admin.display(description=_("On hand"), ordering="stock__on_hand")
    def on_hand(self, item: Item) -> str:
        return f"{item.stock.on_hand:,}"

    @admin.display(description=_("Reserved"), ordering="stock__reserved")
    def reserved(self, item: Item) -> str:
        return f"{item.stock.reserved:,}"

    @admin.display(description=_("Available"))
    def available(self, item: Item) -> str:
        return f"{item.stock.available:,}"

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        if not request.user.has_perm(MANAGE):
            return ()
        return (Link(gettext("Add item"), reverse("admin:add_item"), "add_box"),)

    def links(self, request: HttpRequest, obj: Item) -> Sequence[Link]:
        movements = reverse("admin:inventory_stockmove_changelist")
        history = Link(gettext("Stock movements"), f"{movements}?item__id__exact={obj.pk}", "swap_vert")
        edits = item_pages.links(obj) if request.user.has_perm(MANAGE) else ()
        if not request.user.has_perm(MOVE):
            return (history, *edits)
        return (
            history,
            *edits,
            Link(gettext("Receive"), reverse("admin:receive_stock", args=[obj.pk]), "input"),
            Link(gettext("Count"), reverse("admin:count_stock", args=[obj.pk]), "checklist"),
        )


@admin.register(StockMove, site=tenant_site)
class MoveAdmin(ReadOnlyAdmin):
    """All stock movements, the latest first."""

    created_by = "receipts, counts and orders"
    empty_message = _("Stock movements appear here when stock is received, counted or shipped.")
    list_display = ("at", "item", "kind", "on_hand", "reserved", "reference", "reason")
    list_filter = ("kind", "at", ("item", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("item",)
    search_fields = ("item__sku", "reference")
    ordering = ("-id",)


class LineInline(ReadOnlyInline):
    model = ReservationLine
    fields = ("item", "quantity")
    readonly_fields = fields
    verbose_name_plural = _("lines")


@admin.register(Reservation, site=tenant_site)
class ReservationAdmin(ReadOnlyAdmin):
    """All reservations, the latest first."""

    created_by = "orders"
    empty_message = _("Stock that is reserved for orders appears here.")
    list_display = ("reference", "shown_state", "goods", "made_at", "settled_at")
    list_filter = ("state", "made_at")
    search_fields = ("reference",)
    ordering = ("-id",)
    inlines = (LineInline,)
    fields = (("reference", "shown_state"), ("made_at", "settled_at"), "reason")
    readonly_fields = ("shown_state",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reservation]:
        reservations: QuerySet[Reservation] = super().get_queryset(request)
        return reservations.prefetch_related("lines__item")

    @display(description=_("State"), label=STATES)
    def shown_state(self, reservation: Reservation) -> str:
        return reservation.get_state_display()

    @admin.display(description=_("Goods"))
    def goods(self, reservation: Reservation) -> str:
        return ", ".join(str(line) for line in reservation.lines.all())

    def links(self, request: HttpRequest, obj: Reservation) -> Sequence[Link]:
        if obj.state != Reservation.State.RESERVED or not request.user.has_perm(RESERVE):
            return ()
        return (Link(gettext("Release"), reverse("admin:release_stock", args=[obj.pk]), "lock_open"),)


class NewItem(Form):
    sku = forms.CharField(label=_("SKU"), max_length=40, help_text=_("The stock-keeping code."))
    name = forms.CharField(max_length=200)
    unit = forms.CharField(max_length=20, initial="piece")


class Add(CommandPage):
    command = AddItem
    form = NewItem

    def sentence(self, result: Item) -> str:
        return gettext("Item {result} was added, with none on hand.").format(result=result)

    def success_url(self, result: Item) -> str:
        return reverse("admin:inventory_item_change", args=[result.pk])


class ItemCommandPage(CommandPage):
    """A command on one item; the URL has its id, the command its code."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        item = Item.objects.select_related("stock").filter(pk=server_fields["item_id"]).first()
        return (
            ((gettext("Item"), str(item)), (gettext("Stock"), str(item.stock)))
            if item
            else ((gettext("Item"), gettext("No item has this id.")),)
        )

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        item = Item.objects.filter(pk=server_fields["item_id"]).first()
        command: type[Any] = self.command
        built: Command = command(sku=item.sku if item else "", **form.cleaned_data)
        return built

    def success_url(self, result: StockMove) -> str:
        return reverse("admin:inventory_item_change", args=[result.item_id])


class ReceiptForm(Form):
    quantity = WholeNumberField(min_value=1)
    reference = forms.CharField(max_length=120, required=False, help_text=_("The supplier's delivery note."))


class Receive(ItemCommandPage):
    command = ReceiveStock
    form = ReceiptForm

    def sentence(self, result: StockMove) -> str:
        return gettext("{on_hand:,} were added to the stock.").format(on_hand=result.on_hand)


class CountForm(Form):
    quantity = WholeNumberField(min_value=0, label=_("Counted"))
    reason = reason()


class Count(ItemCommandPage):
    command = CountStock
    form = CountForm

    def sentence(self, result: StockMove) -> str:
        return (
            gettext("The stock was corrected by {difference:+,}.").format(difference=result.on_hand)
            if result.on_hand
            else gettext("The count matches the stock.")
        )


class Release(CommandPage):
    command = ReleaseStock
    form = ReasonForm
    danger = True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        reservation = Reservation.objects.filter(pk=server_fields["reservation_id"]).first()
        if reservation is None:
            return ((gettext("Reservation"), gettext("No reservation has this number.")),)
        goods = ", ".join(str(line) for line in reservation.lines.select_related("item"))
        return ((gettext("For"), reservation.reference), (gettext("Goods"), goods))

    def sentence(self, result: Reservation) -> str:
        return gettext("The goods reserved for {reference} are available again.").format(
            reference=result.reference
        )

    def success_url(self, result: Reservation) -> str:
        return reverse("admin:inventory_reservation_change", args=[result.pk])


def _hits(items: Sequence[Item], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            str(item),
            hooks.described(gettext("Item"), item.stock),
            reverse("admin:inventory_item_change", args=[item.pk]),
            "inventory_2",
        )
        for item in items
    ]


def _items() -> hooks.Reading:
    short = queries.short_items()
    note = gettext("{short} out of stock").format(short=short) if short else gettext("all in stock")
    return hooks.Reading(Item.objects.count(), note)


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Stock and payments"),
        title=_("Items"),
        icon="inventory_2",
        url=LIST,
        permission=VIEW,
    ),
    hooks.MenuItem(
        group=_("Stock and payments"),
        title=_("Reservations"),
        icon="bookmark",
        url="admin:inventory_reservation_changelist",
        permission="inventory.view_reservation",
    ),
    hooks.Page(path="inventory/add/", name="add_item", title=_("Add item"), permission=MANAGE, view=Add()),
    hooks.Page(
        path="inventory/item/<int:item_id>/receive/",
        name="receive_stock",
        title=_("Receive stock"),
        permission=MOVE,
        view=Receive(),
    ),
    hooks.Page(
        path="inventory/item/<int:item_id>/count/",
        name="count_stock",
        title=_("Count stock"),
        permission=MOVE,
        view=Count(),
    ),
    hooks.Page(
        path="inventory/reservation/<int:reservation_id>/release/",
        name="release_stock",
        title=_("Release stock"),
        permission=RESERVE,
        view=Release(),
    ),
    hooks.Figure(title=_("Items"), permission=VIEW, icon="inventory_2", read=_items, link=LIST),
    hooks.RowSearch(
        permission=VIEW,
        search=ITEMS,
        rows=lambda: Item.objects.select_related("stock").order_by("sku"),
        hits=_hits,
    ),
)
