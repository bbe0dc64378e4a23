from apps.bus.api.filters import CharFilter, Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.payments.commands import (
    ConfirmPayment,
    FailPayment,
    NoteRefundSent,
    RefundPayment,
    RequestPayment,
    VoidPayment,
)
from apps.payments.models import Payment, Refund

from .serializers import PaymentSerializer, RefundSerializer


class PaymentFilter(Filters):
    class Meta:
        model = Payment
        fields = ("reference", "state", "provider", "provider_payment_id")


class RefundFilter(Filters):
    order = CharFilter("payment__reference")

    class Meta:
        model = Refund
        fields = ("payment", "reference", "state")


class Payments(ListEndpoint, CommandEndpoint):
    """Payments, the latest first."""

    permission = "payments.view_payment"
    queryset = Payment.objects.all()
    serializer_class = PaymentSerializer
    filterset_class = PaymentFilter
    command, result = RequestPayment, PaymentSerializer


class OnePayment(DetailEndpoint):
    """A payment, with its refunded amount."""

    permission = "payments.view_payment"
    queryset = Payment.objects.all()
    serializer_class = PaymentSerializer
    lookup_url_kwarg = "payment_id"


class ConfirmOne(CommandEndpoint):
    command, result, status = ConfirmPayment, PaymentSerializer, 200
    server_fields = ("payment_id",)


class FailOne(CommandEndpoint):
    command, result, status = FailPayment, PaymentSerializer, 200
    server_fields = ("payment_id",)


class VoidOne(CommandEndpoint):
    command, result, status = VoidPayment, PaymentSerializer, 200
    server_fields = ("payment_id",)


class RefundOne(CommandEndpoint):
    command, result = RefundPayment, RefundSerializer
    server_fields = ("payment_id",)


class Refunds(ListEndpoint):
    """Refunds, the latest first."""

    permission = "payments.view_refund"
    queryset = Refund.objects.select_related("payment")
    serializer_class = RefundSerializer
    filterset_class = RefundFilter


class NoteOneSent(CommandEndpoint):
    command, result, status = NoteRefundSent, RefundSerializer, 200
    server_fields = ("refund_id",)
