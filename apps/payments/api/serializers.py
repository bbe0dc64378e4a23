from __future__ import annotations

from rest_framework import serializers

from apps.bus.api.fields import ExactDecimal
from apps.bus.api.serializers import ReadSerializer
from apps.payments.models import Credit, CreditRefund, Payment, Refund


class RefundSerializer(ReadSerializer):
    """`entry` is its journal entry; `sent_at` is the time at which the provider sent the money."""

    amount = ExactDecimal(source="amount.amount", read_only=True)
    currency = serializers.CharField(source="payment.currency", read_only=True)

    class Meta:
        model = Refund
        fields = (
            "id",
            "payment",
            "reference",
            "amount",
            "currency",
            "reason",
            "state",
            "entry",
            "requested_at",
            "provider_refund_id",
            "sent_at",
        )


class PaymentSerializer(ReadSerializer):
    """`refunded` is the sum of its refunds; `entry` is the journal entry of its confirmation; `paid_through` is the
    provider that received the money, or "credit" if it was on account."""

    amount = ExactDecimal(source="amount.amount", read_only=True)
    refunded = ExactDecimal(source="refunded.amount", read_only=True)

    class Meta:
        model = Payment
        fields = (
            "id",
            "reference",
            "amount",
            "currency",
            "provider",
            "state",
            "paid_through",
            "provider_payment_id",
            "refunded",
            "why",
            "requested_at",
            "confirmed_at",
            "entry",
        )


class CreditSerializer(ReadSerializer):
    """`unused` is neither applied nor refunded; `payer` is the customer, such as "customer:7"."""

    amount = ExactDecimal(source="amount.amount", read_only=True)
    unused = ExactDecimal(source="unused.amount", read_only=True)

    class Meta:
        model = Credit
        fields = (
            "id",
            "payer",
            "payer_name",
            "reference",
            "amount",
            "unused",
            "currency",
            "provider",
            "provider_payment_id",
            "received_at",
            "entry",
        )


class CreditRefundSerializer(ReadSerializer):
    """`entry` is its journal entry; `sent_at` is the time at which the money was sent."""

    amount = ExactDecimal(source="amount.amount", read_only=True)
    currency = serializers.CharField(source="credit.currency", read_only=True)

    class Meta:
        model = CreditRefund
        fields = (
            "id",
            "credit",
            "reference",
            "amount",
            "currency",
            "reason",
            "entry",
            "requested_at",
            "provider_refund_id",
            "sent_at",
        )
