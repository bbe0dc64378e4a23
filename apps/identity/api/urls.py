from django.urls import path

from apps.identity.sessions import api as sessions

from . import invitations, reauthentication, tokens, views

urlpatterns = [
    path("me/", views.Me.as_view()),
    path("tokens/", tokens.SignIn.as_view()),
    path("tokens/refresh/", tokens.Refresh.as_view()),
    path("tokens/revoke/", tokens.SignOut.as_view()),
    path("reauthenticate/", reauthentication.ConfirmPassword.as_view()),
    path("sessions/", sessions.Sessions.as_view()),
    path("sessions/<int:session_id>/end/", sessions.EndOneSession.as_view()),
    path("sessions/end-others/", sessions.EndOtherSessions.as_view()),
    path("security-activity/", sessions.SecurityActivity.as_view()),
    path("invitations/", invitations.Invitations.as_view()),
    path("invitations/operators/", invitations.OperatorInvitations.as_view()),
    path("invitations/<int:invitation_id>/resend/", invitations.ResendOne.as_view()),
    path("invitations/<int:invitation_id>/revoke/", invitations.RevokeOne.as_view()),
    path("users/", views.Users.as_view()),
    path("users/<int:user_id>/roles/", views.ChangeRolesOfOne.as_view()),
    path("users/<int:user_id>/sessions/", sessions.SessionsOfUser.as_view()),
    path("users/<int:user_id>/sessions/end/", sessions.EndSessionsOfUser.as_view()),
    path("users/<int:user_id>/security-activity/", sessions.SecurityActivityOfUser.as_view()),
    path("users/<int:user_id>/deactivate/", views.DeactivateOne.as_view()),
    path("users/<int:user_id>/reactivate/", views.ReactivateOne.as_view()),
]
