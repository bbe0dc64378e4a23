import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apps.bus.api.edits import EditEndpoint
from apps.bus.api.filters import CharFilter, DateFilter, Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint, QueryEndpoint
from apps.jobs.api.serializers import JobSerializer
from apps.kernel import degradable
from apps.kernel.db.replica import reading_replica
from apps.ledger import queries
from apps.ledger.commands import (
    ChangeAccount,
    DeactivateAccount,
    DiscardDraft,
    DiscardImport,
    DraftEntry,
    ExportJournal,
    ImportJournal,
    OpenAccount,
    OpenJournal,
    PostDraft,
    PostEntry,
    ReactivateAccount,
    ReverseEntry,
)
from apps.ledger.flag_declarations import TRIAL_BALANCE
from apps.ledger.import_models import JournalImport
from apps.ledger.models import Account, Entry, Journal
from apps.ledger.search import ACCOUNTS, ENTRIES

from .serializers import (
    AccountSerializer,
    EntrySerializer,
    EntryWithLines,
    JournalImportSerializer,
    JournalSerializer,
    TrialBalanceSerializer,
)


class AccountFilter(Filters):
    class Meta:
        model = Account
        fields = ("code", "type", "is_active")


class EntryFilter(Filters):
    since = DateFilter("posted_on", "gte")
    until = DateFilter("posted_on", "lte")
    journal = CharFilter("journal__code")
    period = CharFilter("period__code")

    class Meta:
        model = Entry
        fields = ("status", "reference")


class Accounts(ListEndpoint, CommandEndpoint):
    """The chart of accounts, by code."""

    permission = "ledger.view_account"
    queryset = Account.objects.select_related("parent")
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    search = ACCOUNTS
    ordering = ("code",)
    command, result = OpenAccount, AccountSerializer


class OneAccount(EditEndpoint):
    """An account."""

    permission = "ledger.view_account"
    queryset = Account.objects.select_related("parent")
    serializer_class = AccountSerializer
    lookup_url_kwarg = "account_id"
    command, result = ChangeAccount, AccountSerializer
    server_fields = ("account_id",)


class ReactivateOneAccount(CommandEndpoint):
    command, result, status = ReactivateAccount, AccountSerializer, 200
    server_fields = ("account_id",)


class DeactivateOneAccount(CommandEndpoint):
    command, result, status = DeactivateAccount, AccountSerializer, 200
    server_fields = ("account_id",)


class Journals(ListEndpoint, CommandEndpoint):
    """The journals, by code."""

    permission = "ledger.view_journal"
    queryset = Journal.objects.all()
    serializer_class = JournalSerializer
    ordering = ("code",)
    command, result = OpenJournal, JournalSerializer


class Entries(ListEndpoint, CommandEndpoint):
    """Entries without their lines, the latest first."""

    permission = "ledger.view_entry"
    queryset = Entry.objects.with_numbers().select_related("period", "reversal")
    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    search = ENTRIES
    command, result = PostEntry, EntryWithLines
    server_fields = ("source",)  # set by commands that post a business fact, not by clients


class OneEntry(DetailEndpoint):
    """An entry with its lines."""

    permission = "ledger.view_entry"
    queryset = (
        Entry.objects.with_numbers().select_related("period", "reversal").prefetch_related("lines__account")
    )
    serializer_class = EntryWithLines
    lookup_url_kwarg = "entry_id"


class Drafts(CommandEndpoint):
    command, result = DraftEntry, EntryWithLines


class PostOneDraft(CommandEndpoint):
    command, result, status = PostDraft, EntryWithLines, 200
    server_fields = ("entry_id",)


class DiscardOneDraft(CommandEndpoint):
    command, result = DiscardDraft, None
    server_fields = ("entry_id",)


class ReverseOneEntry(CommandEndpoint):
    command, result = ReverseEntry, EntryWithLines
    server_fields = ("entry_id",)


class ExportingJournal(CommandEndpoint):
    """Starts a job, whose `download` at `jobs/{id}/` is the file when it is done."""

    command, result, status = ExportJournal, JobSerializer, 202


class JournalImports(ListEndpoint, CommandEndpoint):
    """The imported files, the latest first. An import starts a job, whose progress is `waiting`."""

    permission = "ledger.view_journalimport"
    queryset = JournalImport.objects.all()
    serializer_class = JournalImportSerializer
    command, result, status = ImportJournal, JournalImportSerializer, 202


class OneJournalImport(DetailEndpoint):
    """An import and its progress."""

    permission = "ledger.view_journalimport"
    queryset = JournalImport.objects.all()
    serializer_class = JournalImportSerializer
    lookup_url_kwarg = "import_id"


class DiscardOneImport(CommandEndpoint):
    command, result, status = DiscardImport, JournalImportSerializer, 200
    server_fields = ("import_id",)


@dataclass(frozen=True, kw_only=True)
class TrialBalanceQuery:
    by: Literal["month", "total"] = "month"
    since: dt.date | None = None
    until: dt.date | None = None


class TrialBalance(QueryEndpoint):
    """Opening balance, debit, credit and closing balance of every account and currency, by month or in total."""

    permission = "ledger.view_entry"
    query = TrialBalanceQuery
    serializer_class = TrialBalanceSerializer
    many = True

    def run_query(self, query: Any, **server_fields: Any) -> Sequence[Any]:
        degradable.must_be_on(TRIAL_BALANCE)
        options: TrialBalanceQuery = query
        with reading_replica():
            return queries.trial_balance(by=options.by, since=options.since, until=options.until)
