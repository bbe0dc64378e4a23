from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

_VIEWS = (
    "inventory.view_item",
    "inventory.view_stock",
    "inventory.view_stockmove",
    "inventory.view_reservation",
    "inventory.view_reservationline",
)
_WORK = ("inventory.manage_items", "inventory.move_stock", "inventory.reserve_stock")

MODULE = Module(
    name="inventory",
    flag="inventory",
    version="1.0.0",
    description=_("Items, stock and reservations."),
    licensed=True,
    dependencies=("audit", "events", "identity", "ledger"),
    publishes=("stock.reserved", "stock.released", "stock.delivered"),
    router="apps.inventory.api.urls",
    grants={"controller": (*_WORK, *_VIEWS), "accountant": (*_WORK, *_VIEWS), "auditor": _VIEWS},
)
