from django.urls import path

from . import views

urlpatterns = [
    path("", views.Attachments.as_view()),
    path("<int:attachment_id>/", views.OneAttachment.as_view()),
    path("<int:attachment_id>/content/", views.Content.as_view()),
    path("<int:attachment_id>/remove/", views.RemoveOneAttachment.as_view()),
    path("<str:subject_type>/<int:subject_id>/", views.AttachToObject.as_view()),
]
