from django.urls import path

from . import views

urlpatterns = [
    path("onboardings/", views.Onboardings.as_view()),
]
