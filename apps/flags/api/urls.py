"""URLs on the platform, and those of both planes."""

from django.urls import path

from . import changes, evaluation, flags, history, kills, rollouts

BOTH = [
    path("flags/<str:key>/kill/", kills.KillOneFlag.as_view()),
    path("flags/<str:key>/history/", history.HistoryOfFlag.as_view()),
    path("flags/<str:key>/explain/", evaluation.ExplainFlag.as_view()),
    path("evaluate/", evaluation.EvaluateFlags.as_view()),
    path("change-sets/", changes.ChangeSets.as_view()),
    path("change-sets/<int:change_set_id>/", changes.OneChangeSet.as_view()),
    path("change-sets/<int:change_set_id>/differences/", changes.DifferencesOfChangeSet.as_view()),
    path("change-sets/<int:change_set_id>/preview/", changes.PreviewOne.as_view()),
    path("change-sets/<int:change_set_id>/publish/", changes.PublishOne.as_view()),
    path("change-sets/<int:change_set_id>/withdraw/", changes.WithdrawOne.as_view()),
    path("change-sets/<int:change_set_id>/cancel/", changes.CancelOne.as_view()),
    path("revisions/", history.PublishedRevisions.as_view()),
    path("revisions/<int:revision_id>/restore/", history.RestoreOneRevision.as_view()),
    path("kills/", kills.Kills.as_view()),
    path("kills/<int:kill_id>/", kills.OneKill.as_view()),
    path("kills/<int:kill_id>/review/", kills.ReviewOne.as_view()),
    path("kills/<int:kill_id>/revive/", kills.ReviveOne.as_view()),
    path("arrival/", kills.ArrivalOfLatestChange.as_view()),
]
urlpatterns = [
    path("flags/", flags.Flags.as_view()),
    path("flags/<str:key>/", flags.OneFlag.as_view()),
    path("flags/<str:key>/change/", flags.ChangeOneFlag.as_view()),
    path("flags/<str:key>/retire/", rollouts.RetireOneFlag.as_view()),
    path("flags/<str:key>/transfer/", rollouts.TransferOneFlag.as_view()),
    path("flags/<str:key>/rollout/start/", rollouts.StartOne.as_view()),
    path("flags/<str:key>/rollout/advance/", rollouts.AdvanceOne.as_view()),
    path("flags/<str:key>/rollout/pause/", rollouts.PauseOne.as_view()),
    path("flags/<str:key>/rollout/resume/", rollouts.ResumeOne.as_view()),
    path("flags/<str:key>/rollout/roll-back/", rollouts.RollBackOne.as_view()),
    path("extensions/", rollouts.ExtendOneFlag.as_view()),
    path("rollouts/", rollouts.Rollouts.as_view()),
    path("rollouts/<int:rollout_id>/", rollouts.OneRollout.as_view()),
    path("export/", history.Export.as_view()),
    path("import/", history.Import.as_view()),
    *BOTH,
]
