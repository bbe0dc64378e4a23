"""URLs in a tenant: its own plan."""

from django.urls import path

from . import views

app_name = "billing"
urlpatterns = [path("plan/", views.YourPlan.as_view())]
