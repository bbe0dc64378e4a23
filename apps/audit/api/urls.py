from django.urls import path

from . import views

urlpatterns = [
    path("records/", views.Records.as_view()),
    path("records/<int:record_id>/", views.OneRecord.as_view()),
]
