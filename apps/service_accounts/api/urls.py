from django.urls import path

from . import views

urlpatterns = [
    path("accounts/", views.ServiceAccounts.as_view()),
    path("accounts/<int:service_account_id>/", views.OneServiceAccount.as_view()),
    path("accounts/<int:service_account_id>/rotate-token/", views.RotateToken.as_view()),
    path("accounts/<int:service_account_id>/revoke/", views.RevokeOne.as_view()),
]
