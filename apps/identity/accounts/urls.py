"""/accounts/: the pages of sign-in and passwords. Of django-allauth only these two are mounted, as its others let an
open session add addresses without a password (tests/identity/test_mounted_addresses.py has the reason of each)."""

from django.urls import path, re_path

from apps.identity.allauth_internals import LogoutView

from . import views

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("logout/", LogoutView.as_view(), name="account_logout"),
    path("password/reset/", views.RequestPasswordLink.as_view(), name="account_reset_password"),
    path("password/reset/done/", views.password_link_sent, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.ChoosePassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("address/<str:token>/", views.ConfirmAddress.as_view(), name="account_confirm_address"),
    path("password/reset/key/done/", views.password_set, name="account_reset_password_from_key_done"),
]
