from django.urls import path

from . import views

urlpatterns = [
    path("onboardings/", views.Onboardings.as_view()),
    path("tenants/<int:tenant_id>/resend-owner-invitation/", views.ResendInvitationOfOwner.as_view()),
    path("tenants/<int:tenant_id>/suspend/", views.Suspend.as_view()),
    path("tenants/<int:tenant_id>/activate/", views.Activate.as_view()),
    path("tenants/<int:tenant_id>/archive/", views.Archive.as_view()),
    path("tenants/<int:tenant_id>/move/", views.Move.as_view()),
    path("tenants/<int:tenant_id>/erase/", views.Erase.as_view()),
    path("tenants/<int:tenant_id>/cancel-erasure/", views.CancelErasing.as_view()),
    path("tenants/<int:tenant_id>/footprint/", views.Footprint.as_view()),
    path("tenants/<int:tenant_id>/sagas/", views.TenantSagas.as_view()),
]
