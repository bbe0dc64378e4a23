from django.urls import path

from . import views

urlpatterns = [
    path("commands/", views.ScheduledCommands.as_view()),
    path("commands/<int:scheduled_command_id>/", views.OneScheduledCommand.as_view()),
    path("commands/<int:scheduled_command_id>/reschedule/", views.RescheduleOneCommand.as_view()),
    path("commands/<int:scheduled_command_id>/cancel/", views.CancelOneScheduledCommand.as_view()),
]
