"""URLs on the platform."""

from django.urls import path

from . import views

urlpatterns = [
    path("plans/", views.Plans.as_view()),
    path("plans/<slug:code>/retire/", views.RetireOnePlan.as_view()),
    path("tenants/<int:tenant_id>/", views.PlanOfTenant.as_view()),
    path("subscriptions/", views.Subscriptions.as_view()),
]
