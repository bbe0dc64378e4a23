from django.urls import path

from . import views

urlpatterns = [
    path("subscribers/", views.Subscribers.as_view()),
    path("subscribers/replay/", views.Replays.as_view()),
    path("events/replay/", views.EventReplays.as_view()),
    path("command-activity/", views.CommandActivity.as_view()),
    path("deliveries/", views.Deliveries.as_view()),
    path("deliveries/<int:delivery_id>/", views.OneDelivery.as_view()),
    path("deliveries/<int:delivery_id>/replay/", views.Replay.as_view()),
    path("deliveries/<int:delivery_id>/drop/", views.Drop.as_view()),
]
