from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

_VIEWS = (
    "payments.view_payment",
    "payments.view_refund",
    "payments.view_credit",
    "payments.view_creditapplication",
    "payments.view_creditrefund",
)
_WORK = ("payments.request_payment", "payments.confirm_payment")

MODULE = Module(
    name="payments",
    flag="payments",
    version="1.0.0",
    description=_("Payments and refunds."),
    licensed=True,
    dependencies=("attachments", "audit", "events", "identity", "ledger", "settings"),
    publishes=(
        "payment.requested",
        "payment.confirmed",
        "payment.failed",
        "payment.voided",
        "refund.processed",
        "credit.received",
        "credit.applied",
        "credit.refunded",
    ),
    subscribes=(
        "payment.requested",
        "payment.confirmed",
        "payment.failed",
        "payment.voided",
        "refund.processed",
        "credit.refunded",
    ),
    router="apps.payments.api.urls",
    grants={
        "controller": (*_WORK, "payments.refund_payment", *_VIEWS),
        "accountant": (*_WORK, *_VIEWS),
        "auditor": _VIEWS,
    },
)
