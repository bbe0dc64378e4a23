from django.urls import path

from . import views

urlpatterns = [
    path("", views.ApprovalRequests.as_view()),
    path("<int:request_id>/", views.OneApprovalRequest.as_view()),
    path("<int:request_id>/change/", views.ChangeOneRequest.as_view()),
    path("<int:request_id>/approve/", views.ApproveOneRequest.as_view()),
    path("<int:request_id>/reject/", views.RejectOneRequest.as_view()),
    path("<int:request_id>/withdraw/", views.WithdrawOneRequest.as_view()),
]
