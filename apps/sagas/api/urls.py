from django.urls import path

from . import views

urlpatterns = [
    path("runs/", views.Runs.as_view()),
    path("runs/<int:run_id>/", views.OneRun.as_view()),
    path("runs/<int:run_id>/retry/", views.Retry.as_view()),
    path("runs/<int:run_id>/skip/", views.Skip.as_view()),
    path("runs/<int:run_id>/compensate/", views.Compensate.as_view()),
]
