from django.urls import path

from . import activity, views

urlpatterns = [
    path("records/", views.Records.as_view()),
    path("records/<int:record_id>/", views.OneRecord.as_view()),
    path("history/<str:subject_type>/<str:subject_id>/", views.HistoryOfObject.as_view()),
    path("versions/<str:subject_type>/<str:subject_id>/", views.VersionsOfObject.as_view()),
    path("people/<int:user_id>/history/", views.HistoryOfPerson.as_view()),
    path("export/", views.Export.as_view()),
    path("activity/", activity.Activity.as_view()),
    path("seal/", views.Seal.as_view()),
    path("move-to-cold-storage/", views.MovingToColdStorage.as_view()),
    path("erase-person/", views.ErasingPerson.as_view()),
]
