"""/accounts/: the pages of sign-in, passwords and invitations. Of django-allauth only sign-in and sign-out are mounted,
as its others let an open session add addresses without a password (tests/identity/test_mounted_addresses.py has the
reason of each)."""

from django.urls import path

from apps.identity.allauth_internals import LogoutView
from apps.identity.invitations import views as invitations

from . import views

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("logout/", LogoutView.as_view(), name="account_logout"),
    path("password/reset/", views.RequestPasswordLink.as_view(), name="account_reset_password"),
    path("password/reset/done/", views.password_link_sent, name="account_reset_password_done"),
    path("password/choose/<str:token>/", views.ChoosePassword.as_view(), name="account_choose_password"),
    path("address/<str:token>/", views.ConfirmAddress.as_view(), name="account_confirm_address"),
    path("password/chosen/", views.password_set, name="account_password_chosen"),
    path("invitation/<str:token>/", invitations.Accept.as_view(), name="account_accept_invitation"),
    path("invitation-accepted/", invitations.accepted, name="account_invitation_accepted"),
]
