from django.urls import path

from . import incoming, views

urlpatterns = [
    path("endpoints/", views.Endpoints.as_view()),
    path("endpoints/<int:endpoint_id>/", views.OneEndpoint.as_view()),
    path("endpoints/<int:endpoint_id>/change/", views.ChangeOneEndpoint.as_view()),
    path("endpoints/<int:endpoint_id>/disable/", views.DisableOneEndpoint.as_view()),
    path("endpoints/<int:endpoint_id>/enable/", views.EnableOneEndpoint.as_view()),
    path("endpoints/<int:endpoint_id>/rotate-secret/", views.RotateOneSecret.as_view()),
    path("endpoints/<int:endpoint_id>/test/", views.SendOneTestMessage.as_view()),
    path("secrets/<int:secret_id>/retire/", views.RetireOneSecret.as_view()),
    path("messages/", views.Messages.as_view()),
    path("messages/<int:message_id>/", views.OneMessage.as_view()),
    path("messages/<int:message_id>/resend/", views.ResendOneMessage.as_view()),
    path("sources/", views.Sources.as_view()),
    path("sources/<int:source_id>/rotate-secret/", views.RotateOneSourceSecret.as_view()),
    path("source-secrets/<int:secret_id>/retire/", views.RetireOneSourceSecret.as_view()),
    path("received/", views.ReceivedMessages.as_view()),
    path("received/<int:received_id>/", views.OneReceived.as_view()),
    path("received/<int:received_id>/reprocess/", views.ReprocessOneReceived.as_view()),
    path("in/<slug:name>/", incoming.receive, name="in"),
]
