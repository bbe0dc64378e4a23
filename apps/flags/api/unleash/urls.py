from django.urls import path

from . import views

urlpatterns = [
    path("features", views.Features.as_view()),
    path("register", views.Register.as_view()),
    path("metrics", views.Metrics.as_view()),
]
