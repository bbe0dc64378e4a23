"""Questions about the books."""

from .entries import Figures, figures, latest_entries
from .income_and_expense import MonthFigures, income_and_expense
from .trial_balance import TrialBalanceRow, trial_balance

__all__ = [
    "Figures",
    "MonthFigures",
    "TrialBalanceRow",
    "figures",
    "income_and_expense",
    "latest_entries",
    "trial_balance",
]
