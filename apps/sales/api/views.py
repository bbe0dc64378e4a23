from apps.bus.api.edits import EditEndpoint
from apps.bus.api.filters import CharFilter, Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.sales.commands import (
    AddCustomer,
    CancelOrder,
    ChangeCustomer,
    CompleteOrder,
    ConfirmOrder,
    DeactivateCustomer,
    IssueInvoice,
    PlaceOrder,
    ReactivateCustomer,
    RefundOrder,
    RetryInvoiceDocument,
)
from apps.sales.models import Customer, Invoice, Order
from apps.sales.search import CUSTOMERS, INVOICES, ORDERS

from .serializers import CustomerSerializer, InvoiceSerializer, OrderRefundSerializer, OrderSerializer


class CustomerFilter(Filters):
    class Meta:
        model = Customer
        fields = ("code", "email", "is_active")


class OrderFilter(Filters):
    customer = CharFilter("customer__code")

    class Meta:
        model = Order
        fields = ("state", "currency")


class InvoiceFilter(Filters):
    customer = CharFilter("order__customer__code")

    class Meta:
        model = Invoice
        fields = ("order", "year", "state")


class Customers(ListEndpoint, CommandEndpoint):
    """Customers, by code."""

    permission = "sales.view_customer"
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    filterset_class = CustomerFilter
    search = CUSTOMERS
    ordering = ("code",)
    command, result = AddCustomer, CustomerSerializer


class OneCustomer(EditEndpoint):
    """A customer."""

    permission = "sales.view_customer"
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    lookup_url_kwarg = "customer_id"
    command, result = ChangeCustomer, CustomerSerializer
    server_fields = ("customer_id",)


class DeactivateOneCustomer(CommandEndpoint):
    command, result, status = DeactivateCustomer, CustomerSerializer, 200
    server_fields = ("customer_id",)


class ReactivateOneCustomer(CommandEndpoint):
    command, result, status = ReactivateCustomer, CustomerSerializer, 200
    server_fields = ("customer_id",)


class Orders(ListEndpoint, CommandEndpoint):
    """Orders, the latest first. Placing an order starts its workflow."""

    permission = "sales.view_order"
    queryset = (
        Order.objects.with_saga_state()
        .select_related("customer", "invoice")
        .prefetch_related("lines__item", "lines__order")
    )
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    search = ORDERS
    command, result = PlaceOrder, OrderSerializer


class OneOrder(DetailEndpoint):
    """An order with its lines."""

    permission = "sales.view_order"
    queryset = (
        Order.objects.with_saga_state()
        .select_related("customer", "invoice")
        .prefetch_related("lines__item", "lines__order")
    )
    serializer_class = OrderSerializer
    lookup_url_kwarg = "order_id"


class ConfirmOne(CommandEndpoint):
    command, result, status = ConfirmOrder, OrderSerializer, 200
    server_fields = ("order_id",)


class CancelOne(CommandEndpoint):
    command, result, status = CancelOrder, OrderSerializer, 200
    server_fields = ("order_id",)


class CompleteOne(CommandEndpoint):
    command, result, status = CompleteOrder, OrderSerializer, 200
    server_fields = ("order_id",)


class InvoiceOne(CommandEndpoint):
    command, result = IssueInvoice, InvoiceSerializer
    server_fields = ("order_id",)


class RefundOne(CommandEndpoint):
    command, result = RefundOrder, OrderRefundSerializer
    server_fields = ("order_id",)


class Invoices(ListEndpoint):
    """Invoices, the latest first."""

    permission = "sales.view_invoice"
    queryset = Invoice.objects.all()
    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter
    search = INVOICES


class OneInvoice(DetailEndpoint):
    """An invoice, with a link to its document."""

    permission = "sales.view_invoice"
    queryset = Invoice.objects.all()
    serializer_class = InvoiceSerializer
    lookup_url_kwarg = "invoice_id"


class RetryOneDocument(CommandEndpoint):
    command, result, status = RetryInvoiceDocument, InvoiceSerializer, 200
    server_fields = ("invoice_id",)
