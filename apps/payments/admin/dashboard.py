"""Cash and receivables on the dashboard: the balances of the accounts that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.ledger import queries as ledger
from apps.payments import queries

VIEW = "ledger.view_entry"
"""Of the books: the figures are available without the module of payments too."""


def _balance(account: Callable[[], str]) -> Callable[[], hooks.Reading]:
    def read() -> hooks.Reading:
        code = account()
        return hooks.Reading(ledger.balance_of(code), gettext("account {code}").format(code=code))

    return read


def _statement(account: Callable[[], str]) -> Callable[[], str]:
    return lambda: "?" + urlencode({"account": account()})


hooks.plug(
    "tenant",
    *(
        hooks.Figure(
            title=title,
            permission=VIEW,
            icon=icon,
            read=_balance(account),
            link="admin:account_statement",
            query=_statement(account),
            rank=rank,
        )
        for rank, title, icon, account in (
            (hooks.FIRST, _("Cash"), "account_balance", queries.bank_account),
            (hooks.FIRST + 1, _("Receivables"), "request_quote", queries.receivable_account),
        )
    ),
)
