from __future__ import annotations

from rest_framework import serializers

from apps.bus.api.fields import ExactDecimal
from apps.bus.api.serializers import ReadSerializer
from apps.payments.models import Payment, Refund


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
    """`refunded` is the sum of its refunds; `entry` is the journal entry of its confirmation."""

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
            "provider_payment_id",
            "refunded",
            "why",
            "requested_at",
            "confirmed_at",
            "entry",
        )
