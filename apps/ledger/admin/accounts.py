"""The chart of accounts, and the journals."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks, visibility
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.edits import EditPage
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.console.widgets import Form, ReasonForm
from apps.kernel.search import May
from apps.ledger import queries
from apps.ledger.commands import ChangeAccount, DeactivateAccount, OpenAccount, OpenJournal, ReactivateAccount
from apps.ledger.models import Account, Journal
from apps.ledger.search import ACCOUNTS

MANAGE = "ledger.manage_accounts"


@admin.register(Account, site=tenant_site)
class AccountAdmin(ReadOnlyAdmin):
    """The chart of accounts."""

    empty_message = _("The chart of accounts appears here: the accounts to which entries are posted.")
    creating_page = "open_account"
    list_display = ("code", "name", "type", "parent", "is_active")
    list_filter = ("type", "is_active")
    list_select_related = ("parent",)
    search = ACCOUNTS
    ordering = ("code",)

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        return (Link(gettext("New account"), reverse("admin:open_account"), "playlist_add"),)

    def links(self, request: HttpRequest, obj: Account) -> Sequence[Link]:
        links = []
        if request.user.has_perm("ledger.view_entry") and visibility.page_exists(
            "tenant", "account_statement"
        ):
            statement = f"{reverse('admin:account_statement')}?{urlencode({'account': obj.code})}"
            links.append(Link(gettext("Statement"), statement, "receipt"))
        if request.user.has_perm(MANAGE):
            links.append(Link(gettext("Edit"), reverse("admin:change_account", args=[obj.pk]), "edit"))
            links.append(
                Link(gettext("Deactivate"), reverse("admin:deactivate_account", args=[obj.pk]), "block")
                if obj.is_active
                else Link(
                    gettext("Reactivate"), reverse("admin:reactivate_account", args=[obj.pk]), "check_circle"
                )
            )
        return links


@admin.register(Journal, site=tenant_site)
class JournalAdmin(ReadOnlyAdmin):
    unfiltered = "a tenant has few of them"
    search_fields = ("code", "name")
    empty_message = _("Journals appear here; each numbers its entries.")
    creating_page = "open_journal"
    list_display = ("code", "name")
    ordering = ("code",)

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        return (Link(gettext("New journal"), reverse("admin:open_journal"), "library_add"),)


class NewAccount(Form):
    code = forms.CharField(max_length=32)
    name = forms.CharField(max_length=200)
    type = forms.ChoiceField(choices=Account.Type.choices)
    parent = forms.CharField(max_length=32, required=False, help_text=_("The code of the parent account."))


class OpenAccountPage(CommandPage):
    command = OpenAccount
    form = NewAccount

    def sentence(self, result: Account) -> str:
        return gettext("Account {result} was opened.").format(result=result)

    def success_url(self, result: Account) -> str:
        return "admin:ledger_account_changelist"


class AccountForm(Form):
    name = forms.CharField(max_length=200)
    type = forms.ChoiceField(choices=Account.Type.choices)


class _OnAccount(CommandPage):
    """A command about one account."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        return ((gettext("Account"), str(get_object_or_404(Account, pk=server_fields["account_id"]))),)

    def success_url(self, result: Account) -> str:
        return reverse("admin:ledger_account_change", args=[result.pk])


class ChangeAccountPage(_OnAccount, EditPage):
    command, form = ChangeAccount, AccountForm

    def sentence(self, result: Account) -> str:
        return gettext("Account {result} was changed.").format(result=result)


class DeactivateAccountPage(_OnAccount):
    command, form, danger = DeactivateAccount, ReasonForm, True

    def sentence(self, result: Account) -> str:
        return gettext("Account {result} takes no more postings.").format(result=result)


class ReactivateAccountPage(_OnAccount):
    command, form = ReactivateAccount, ReasonForm

    def sentence(self, result: Account) -> str:
        return gettext("Account {result} takes postings again.").format(result=result)


class NewJournal(Form):
    code = forms.CharField(max_length=16)
    name = forms.CharField(max_length=120)


class OpenJournalPage(CommandPage):
    command = OpenJournal
    form = NewJournal

    def sentence(self, result: Journal) -> str:
        return gettext("Journal {result} was opened.").format(result=result)

    def success_url(self, result: Journal) -> str:
        return "admin:ledger_journal_changelist"

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        return OpenJournal(**form.cleaned_data)


def _hits(accounts: Sequence[Account], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            str(account),
            hooks.described(gettext("Account"), account.get_type_display()),
            reverse("admin:ledger_account_change", args=[account.pk]),
            "toc",
        )
        for account in accounts
    ]


hooks.plug(
    "tenant",
    hooks.SetUpStep(
        rank=4,
        title=_("Accounts of the settings"),
        permission="settings.view_setting",
        is_done=queries.are_account_settings_usable,
        link="admin:settings",
        lasting=True,
    ),
    hooks.SetUpStep(
        rank=2,
        title=_("Accounts"),
        permission="ledger.manage_accounts",
        is_done=queries.has_accounts,
        link="admin:open_account",
    ),
    hooks.MenuItem(
        group=_("Accounting"),
        title=_("Accounts"),
        icon="toc",
        url="admin:ledger_account_changelist",
        permission="ledger.view_account",
    ),
    hooks.MenuItem(
        group=_("Accounting"),
        title=_("Journals"),
        icon="menu_book",
        url="admin:ledger_journal_changelist",
        permission="ledger.view_journal",
    ),
    hooks.Page(
        path="ledger/open-account/",
        name="open_account",
        title=_("New account"),
        permission="ledger.manage_accounts",
        view=OpenAccountPage(),
    ),
    hooks.Page(
        path="ledger/accounts/<int:account_id>/edit/",
        name="change_account",
        title=_("Edit account"),
        permission=MANAGE,
        view=ChangeAccountPage(),
    ),
    hooks.Page(
        path="ledger/accounts/<int:account_id>/deactivate/",
        name="deactivate_account",
        title=_("Deactivate account"),
        permission=MANAGE,
        view=DeactivateAccountPage(),
    ),
    hooks.Page(
        path="ledger/accounts/<int:account_id>/reactivate/",
        name="reactivate_account",
        title=_("Reactivate account"),
        permission=MANAGE,
        view=ReactivateAccountPage(),
    ),
    hooks.Page(
        path="ledger/open-journal/",
        name="open_journal",
        title=_("New journal"),
        permission="ledger.manage_accounts",
        view=OpenJournalPage(),
    ),
    hooks.RowSearch(
        permission="ledger.view_account",
        search=ACCOUNTS,
        rows=lambda: Account.objects.order_by("code"),
        hits=_hits,
    ),
)
