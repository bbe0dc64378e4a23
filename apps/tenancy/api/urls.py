from django.urls import path

from . import views

urlpatterns = [
    path("tenants/", views.Tenants.as_view()),
    path("tenants/<int:tenant_id>/", views.OneTenant.as_view()),
    path("tenants/<int:tenant_id>/mode/", views.SetModeOfOne.as_view()),
]
