from django.urls import path

from . import tokens, views

urlpatterns = [
    path("me/", views.Me.as_view()),
    path("tokens/", tokens.SignIn.as_view()),
    path("tokens/refresh/", tokens.Refresh.as_view()),
    path("tokens/revoke/", tokens.SignOut.as_view()),
    path("sessions/", tokens.Sessions.as_view()),
    path("sessions/<int:session_id>/end/", tokens.EndOneSession.as_view()),
    path("users/", views.Users.as_view()),
    path("users/<int:user_id>/roles/", views.ChangeRolesOfOne.as_view()),
    path("users/<int:user_id>/deactivate/", views.DeactivateOne.as_view()),
    path("users/<int:user_id>/reactivate/", views.ReactivateOne.as_view()),
]
