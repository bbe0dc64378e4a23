from django.urls import path

from . import views

urlpatterns = [
    path("", views.Notices.as_view()),
    path("<int:notice_id>/", views.OneNotice.as_view()),
    path("copies/<int:copy_id>/send-again/", views.SendOneCopyAgain.as_view()),
    path("targets/", views.Targets.as_view()),
    path("targets/<int:target_id>/try/", views.TryOneTarget.as_view()),
    path("targets/<int:target_id>/remove/", views.RemoveOneTarget.as_view()),
]
