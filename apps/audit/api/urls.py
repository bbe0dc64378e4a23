from django.urls import path

from . import views

urlpatterns = [
    path("records/", views.Records.as_view()),
    path("records/<int:record_id>/", views.OneRecord.as_view()),
    path("timeline/<str:subject_type>/<str:subject_id>/", views.TimelineOfThing.as_view()),
    path("people/<int:user_id>/timeline/", views.TimelineOfPerson.as_view()),
    path("export/", views.Export.as_view()),
    path("seal/", views.Seal.as_view()),
    path("archive/", views.Archiving.as_view()),
    path("erase-person/", views.Erasing.as_view()),
]
