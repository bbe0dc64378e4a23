from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

_VIEWS = (
    "ledger.view_account",
    "ledger.view_journal",
    "ledger.view_entry",
    "ledger.view_entryline",
    "ledger.view_journalimport",
)

MODULE = Module(
    name="ledger",
    version="1.0.0",
    description=_("Accounts, journals and entries."),
    dependencies=("attachments", "audit", "events", "identity", "jobs", "notices", "periods", "settings"),
    publishes=("entry.posted",),
    router="apps.ledger.api.urls",
    grants={
        "controller": (
            "ledger.manage_accounts",
            "ledger.post_entry",
            "ledger.draft_entry",
            "ledger.reverse_entry",
            "ledger.import_journal",
            *_VIEWS,
        ),
        "accountant": ("ledger.post_entry", "ledger.draft_entry", "ledger.reverse_entry", *_VIEWS),
        "auditor": _VIEWS,
    },
)
