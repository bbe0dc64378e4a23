from django.urls import include, path

from . import views

urlpatterns = [
    path("me/", views.Me.as_view()),
    path("", include("apps.identity.impersonation.api")),
]
