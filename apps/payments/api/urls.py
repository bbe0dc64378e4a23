from django.urls import path

from . import views

urlpatterns = [
    path("payments/", views.Payments.as_view()),
    path("payments/<int:payment_id>/", views.OnePayment.as_view()),
    path("payments/<int:payment_id>/confirm/", views.ConfirmOne.as_view()),
    path("payments/<int:payment_id>/fail/", views.FailOne.as_view()),
    path("payments/<int:payment_id>/void/", views.VoidOne.as_view()),
    path("payments/<int:payment_id>/refunds/", views.RefundOne.as_view()),
    path("refunds/", views.Refunds.as_view()),
    path("refunds/<int:refund_id>/sent/", views.NoteOneSent.as_view()),
]
