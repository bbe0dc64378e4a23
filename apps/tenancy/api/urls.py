from django.urls import path

from . import views

urlpatterns = [
    path("tenants/", views.TenantList.as_view()),
    path("tenants/<int:tenant_id>/", views.TenantDetail.as_view()),
    path("tenants/<int:tenant_id>/mode/", views.TenantMode.as_view()),
    path("tenants/<int:tenant_id>/rename/", views.TenantRenaming.as_view()),
]
