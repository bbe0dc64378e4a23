from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

_VIEWS = (
    "sales.view_customer",
    "sales.view_order",
    "sales.view_orderline",
    "sales.view_invoice",
)
_WORK = (
    "sales.manage_customers",
    "sales.place_order",
    "sales.process_order",
    "sales.cancel_order",
    "sales.issue_invoice",
)

MODULE = Module(
    name="sales",
    flag="sales",
    version="1.0.0",
    description=_("Customers, orders and invoices."),
    licensed=True,
    dependencies=(
        "attachments",
        "audit",
        "companies",
        "events",
        "identity",
        "inventory",
        "notices",
        "payments",
        "settings",
        "sagas",
    ),
    publishes=(
        "order.created",
        "order.cancelled",
        "order.completed",
        "invoice.issued",
        "invoice.document_retried",
    ),
    subscribes=(
        "order.created",
        "order.cancelled",
        "invoice.issued",
        "invoice.document_retried",
        "payment.confirmed",
        "payment.failed",
        "payment.voided",
        "refund.processed",
    ),
    router="apps.sales.api.urls",
    grants={
        "controller": (*_WORK, "sales.refund_order", "sales.set_up_sales", *_VIEWS),
        "accountant": (*_WORK, *_VIEWS),
        "auditor": _VIEWS,
    },
)
