from __future__ import annotations

from typing import Any

from django.db.models import prefetch_related_objects
from rest_framework import serializers

from apps.bus.api.fields import ExactDecimal, WholeNumber
from apps.bus.api.serializers import ReadSerializer
from apps.kernel.files.store import files
from apps.payments.models import Refund
from apps.sagas.models import Run
from apps.sales.models import Customer, Invoice, Order, OrderLine


class CustomerSerializer(ReadSerializer):
    class Meta:
        model = Customer
        fields = ("id", "code", "name", "email", "address", "is_active")


class OrderLineSerializer(ReadSerializer):
    sku = serializers.CharField(source="item.sku", read_only=True)
    price = ExactDecimal(source="price.amount", read_only=True)
    total = ExactDecimal(source="total.amount", read_only=True)

    class Meta:
        model = OrderLine
        fields = ("line_no", "sku", "name", "quantity", "price", "total")


class OrderSerializer(ReadSerializer):
    """An order with its lines. `reference` identifies its payment, reservation and entries; `invoice` is the id of its
    invoice, if issued. `saga_state` is the state of its
    workflow (`needs_attention`: an operator must decide), `last_error` the latest failure of a step."""

    number = serializers.CharField(read_only=True)
    reference = serializers.CharField(source="subject", read_only=True)
    customer = serializers.CharField(source="customer.code", read_only=True)
    customer_id = WholeNumber(read_only=True)
    invoice = WholeNumber(source="invoice.pk", read_only=True, default=None, allow_null=True)
    total = ExactDecimal(source="total.amount", read_only=True)
    saga_state = serializers.ChoiceField(choices=Run.State.choices, allow_null=True, read_only=True)
    last_error = serializers.CharField(allow_null=True, read_only=True)
    lines = OrderLineSerializer(many=True, read_only=True)

    class Meta:
        model = Order
        fields = (
            "id",
            "number",
            "reference",
            "customer",
            "customer_id",
            "invoice",
            "currency",
            "total",
            "provider",
            "state",
            "placed_at",
            "why",
            "saga_state",
            "last_error",
            "lines",
        )

    def to_representation(self, instance: Order) -> dict[str, Any]:
        if not hasattr(instance, "saga_state"):
            instance = Order.objects.with_saga_state().get(pk=instance.pk)
        prefetch_related_objects([instance], "customer", "invoice", "lines__item", "lines__order")
        return super().to_representation(instance)


class InvoiceSerializer(ReadSerializer):
    """`download` is a link to the document that expires after five minutes; null while the document is pending or
    failed. `failure` is the reason of a failed document."""

    number = serializers.CharField(source="__str__", read_only=True)
    total = ExactDecimal(source="total.amount", read_only=True)
    download = serializers.SerializerMethodField()

    class Meta:
        model = Invoice
        fields = (
            "id",
            "number",
            "order",
            "issued_on",
            "customer_name",
            "customer_address",
            "currency",
            "total",
            "entry",
            "state",
            "failure",
            "download",
        )

    def get_download(self, invoice: Invoice) -> str | None:
        return files().url(invoice.file) if invoice.file else None


class OrderRefundSerializer(ReadSerializer):
    """A refund of the order's payment; `entry` is its journal entry."""

    amount = ExactDecimal(source="amount.amount", read_only=True)
    currency = serializers.CharField(source="payment.currency", read_only=True)

    class Meta:
        model = Refund
        fields = ("id", "payment", "reference", "amount", "currency", "reason", "state", "entry")
