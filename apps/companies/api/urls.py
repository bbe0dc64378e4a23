from django.urls import path

from . import views

urlpatterns = [
    path("companies/", views.Companies.as_view()),
    path("companies/<int:company_id>/", views.OneCompany.as_view()),
]
