from django.urls import path

from . import views

urlpatterns = [
    path("calendars/", views.Calendars.as_view()),
    path("years/", views.Years.as_view()),
    path("periods/", views.Periods.as_view()),
    path("periods/<int:period_id>/", views.OnePeriod.as_view()),
    path("periods/<int:period_id>/blockers/", views.Blockers.as_view()),
    path("periods/<int:period_id>/close/", views.CloseOnePeriod.as_view()),
]
