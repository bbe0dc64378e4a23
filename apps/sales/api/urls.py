from django.urls import path

from . import views

urlpatterns = [
    path("customers/", views.Customers.as_view()),
    path("customers/<int:customer_id>/", views.OneCustomer.as_view()),
    path("customers/<int:customer_id>/deactivate/", views.DeactivateOneCustomer.as_view()),
    path("customers/<int:customer_id>/reactivate/", views.ReactivateOneCustomer.as_view()),
    path("orders/", views.Orders.as_view()),
    path("orders/<int:order_id>/", views.OneOrder.as_view()),
    path("orders/<int:order_id>/confirm/", views.ConfirmOne.as_view()),
    path("orders/<int:order_id>/cancel/", views.CancelOne.as_view()),
    path("orders/<int:order_id>/complete/", views.CompleteOne.as_view()),
    path("orders/<int:order_id>/invoice/", views.InvoiceOne.as_view()),
    path("orders/<int:order_id>/refunds/", views.RefundOne.as_view()),
    path("invoices/", views.Invoices.as_view()),
    path("invoices/<int:invoice_id>/", views.OneInvoice.as_view()),
    path("invoices/<int:invoice_id>/retry-document/", views.RetryOneDocument.as_view()),
]
