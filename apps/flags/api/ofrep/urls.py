from django.urls import path

from . import views

urlpatterns = [
    path("flags", views.EvaluateFlags.as_view()),
    path("flags/<str:key>", views.EvaluateFlag.as_view()),
]
