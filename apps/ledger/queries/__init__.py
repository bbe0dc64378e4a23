"""Queries of the ledger."""

from .account_settings import are_account_settings_usable
from .booked_accounts import booked_or_named, credited_account, debited_account
from .entries import Figures, entries_posted, figures, has_accounts, last_year_with_entries, latest_entries
from .imports import entries_waiting
from .income_and_expense import MonthFigures, income_and_expense
from .obstacles import booking_obstacles
from .statements import Statement, account_statement, balance_of, or_zero, result
from .trial_balance import TrialBalanceRow, trial_balance

__all__ = [
    "Figures",
    "MonthFigures",
    "Statement",
    "TrialBalanceRow",
    "account_statement",
    "are_account_settings_usable",
    "balance_of",
    "booked_or_named",
    "booking_obstacles",
    "credited_account",
    "debited_account",
    "entries_posted",
    "entries_waiting",
    "figures",
    "has_accounts",
    "income_and_expense",
    "last_year_with_entries",
    "latest_entries",
    "or_zero",
    "result",
    "trial_balance",
]
