from django.urls import path

from . import views

urlpatterns = [
    path("accounts/", views.Accounts.as_view()),
    path("accounts/<int:account_id>/", views.OneAccount.as_view()),
    path("accounts/<int:account_id>/reactivate/", views.ReactivateOneAccount.as_view()),
    path("accounts/<int:account_id>/deactivate/", views.DeactivateOneAccount.as_view()),
    path("journals/", views.Journals.as_view()),
    path("entries/", views.Entries.as_view()),
    path("entries/drafts/", views.Drafts.as_view()),
    path("entries/<int:entry_id>/", views.OneEntry.as_view()),
    path("entries/<int:entry_id>/post/", views.PostOneDraft.as_view()),
    path("entries/<int:entry_id>/discard/", views.DiscardOneDraft.as_view()),
    path("entries/<int:entry_id>/reverse/", views.ReverseOneEntry.as_view()),
    path("journal-export/", views.ExportingJournal.as_view()),
    path("journal-imports/", views.JournalImports.as_view()),
    path("journal-imports/<int:import_id>/", views.OneJournalImport.as_view()),
    path("journal-imports/<int:import_id>/discard/", views.DiscardOneImport.as_view()),
    path("trial-balance/", views.TrialBalance.as_view()),
]
