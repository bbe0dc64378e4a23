from apps.bus.api.filters import CharFilter, Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.payments.commands import (
    ApplyCredit,
    ConfirmPayment,
    FailPayment,
    NoteCreditRefundSent,
    NoteRefundSent,
    ReceiveTransfer,
    RefundCredit,
    RefundPayment,
    RequestPayment,
    VoidPayment,
)
from apps.payments.models import Credit, CreditRefund, Payment, Refund
from apps.payments.search import CREDITS, PAYMENTS

from .serializers import CreditRefundSerializer, CreditSerializer, PaymentSerializer, RefundSerializer


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
    search = PAYMENTS
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


class CreditFilter(Filters):
    class Meta:
        model = Credit
        fields = ("payer", "reference", "provider", "provider_payment_id")


class Credits(ListEndpoint, CommandEndpoint):
    """Money on account, the latest first."""

    permission = "payments.view_credit"
    queryset = Credit.objects.all()
    serializer_class = CreditSerializer
    filterset_class = CreditFilter
    search = CREDITS
    command, result = ReceiveTransfer, CreditSerializer


class OneCredit(DetailEndpoint):
    """A credit, with its open amount."""

    permission = "payments.view_credit"
    queryset = Credit.objects.all()
    serializer_class = CreditSerializer
    lookup_url_kwarg = "credit_id"


class ApplyOne(CommandEndpoint):
    command, result, status = ApplyCredit, PaymentSerializer, 200
    server_fields = ("credit_id",)


class RefundOneCredit(CommandEndpoint):
    command, result = RefundCredit, CreditRefundSerializer
    server_fields = ("credit_id",)


class CreditRefundFilter(Filters):
    class Meta:
        model = CreditRefund
        fields = ("credit", "reference")


class CreditRefunds(ListEndpoint):
    """Refunds of credits, the latest first."""

    permission = "payments.view_creditrefund"
    queryset = CreditRefund.objects.select_related("credit")
    serializer_class = CreditRefundSerializer
    filterset_class = CreditRefundFilter


class NoteOneCreditRefundSent(CommandEndpoint):
    command, result, status = NoteCreditRefundSent, CreditRefundSerializer, 200
    server_fields = ("refund_id",)
