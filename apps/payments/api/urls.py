from django.urls import path

from . import views

urlpatterns = [
    path("payments/", views.Payments.as_view()),
    path("payments/<int:payment_id>/", views.OnePayment.as_view()),
    path("payments/<int:payment_id>/confirm/", views.ConfirmOne.as_view()),
    path("payments/<int:payment_id>/fail/", views.FailOne.as_view()),
    path("payments/<int:payment_id>/void/", views.VoidOne.as_view()),
    path("payments/<int:payment_id>/refunds/", views.RefundOne.as_view()),
    path("credits/", views.Credits.as_view()),
    path("credits/<int:credit_id>/", views.OneCredit.as_view()),
    path("credits/<int:credit_id>/apply/", views.ApplyOne.as_view()),
    path("credits/<int:credit_id>/refunds/", views.RefundOneCredit.as_view()),
    path("credit-refunds/", views.CreditRefunds.as_view()),
    path("credit-refunds/<int:refund_id>/sent/", views.NoteOneCreditRefundSent.as_view()),
    path("refunds/", views.Refunds.as_view()),
    path("refunds/<int:refund_id>/sent/", views.NoteOneSent.as_view()),
]
