"""The support sign-in of a tenant: /support/."""

from django.urls import path

from . import views

urlpatterns = [
    path("enter/<str:ticket>/", views.enter, name="support_enter"),
    path("leave/", views.leave, name="support_leave"),
]
