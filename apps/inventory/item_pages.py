"""Pages that edit, deactivate and reactivate an item, in the tenant's console."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.edits import EditPage
from apps.console.row_links import Link
from apps.console.widgets import Form, ReasonForm

from .commands import ChangeItem, DeactivateItem, ReactivateItem
from .models import Item

MANAGE = ChangeItem.permission


def links(item: Item) -> Sequence[Link]:
    edit = Link(gettext("Edit"), reverse("admin:change_item", args=[item.pk]), "edit")
    if item.is_active:
        return edit, Link(gettext("Deactivate"), reverse("admin:deactivate_item", args=[item.pk]), "block")
    return edit, Link(gettext("Reactivate"), reverse("admin:reactivate_item", args=[item.pk]), "check_circle")


class ItemForm(Form):
    name = forms.CharField(max_length=200)
    unit = forms.CharField(max_length=20)


class _OnItem(CommandPage):
    """A command about one item."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        item = get_object_or_404(Item.objects.select_related("stock"), pk=server_fields["item_id"])
        return ((gettext("Item"), str(item)), (gettext("Stock"), str(item.stock)))

    def success_url(self, result: Item) -> str:
        return reverse("admin:inventory_item_change", args=[result.pk])


class Change(_OnItem, EditPage):
    command, form = ChangeItem, ItemForm

    def sentence(self, result: Item) -> str:
        return gettext("Item {result} was changed.").format(result=result)


class Deactivate(_OnItem):
    command, form, danger = DeactivateItem, ReasonForm, True

    def sentence(self, result: Item) -> str:
        return gettext("Item {result} takes no more orders.").format(result=result)


class Reactivate(_OnItem):
    command, form = ReactivateItem, ReasonForm

    def sentence(self, result: Item) -> str:
        return gettext("Item {result} takes orders again.").format(result=result)


hooks.plug(
    "tenant",
    hooks.Page(
        path="inventory/item/<int:item_id>/edit/",
        name="change_item",
        title=_("Edit item"),
        permission=MANAGE,
        view=Change(),
    ),
    hooks.Page(
        path="inventory/item/<int:item_id>/deactivate/",
        name="deactivate_item",
        title=_("Deactivate item"),
        permission=MANAGE,
        view=Deactivate(),
    ),
    hooks.Page(
        path="inventory/item/<int:item_id>/reactivate/",
        name="reactivate_item",
        title=_("Reactivate item"),
        permission=MANAGE,
        view=Reactivate(),
    ),
)
