from django.urls import path

from . import views

urlpatterns = [
    path("", views.Jobs.as_view()),
    path("<int:job_id>/", views.OneJob.as_view()),
    path("<int:job_id>/cancel/", views.CancelOneJob.as_view()),
    path("<int:job_id>/retry/", views.RetryOneJob.as_view()),
]
