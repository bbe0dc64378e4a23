"""The flags of the ledger: a new screen, and a heavy report with its fallback."""

import datetime as dt

from django.utils.translation import gettext_lazy as _

from apps.kernel.degradable import declare_degradable
from apps.kernel.features import declare_flag

OWNER = "ledger@bursar.example"
ACCOUNT_STATEMENT = declare_flag(
    key="ledger.account-statement",
    category="release",
    type=bool,
    default=True,
    description=_("The page with the statement of an account, with its links."),
    owner=OWNER,
    expires_on=dt.date(2027, 3, 31),
)
TRIAL_BALANCE = declare_degradable(
    flag=declare_flag(
        key="ledger.trial-balance",
        category="ops",
        type=bool,
        default=True,
        description=_("The trial balance is computed on demand, from all posted entries."),
        owner=OWNER,
        expires_on=dt.date(2027, 11, 30),
    ),
    title=_("The trial balance"),
    fallback=_("The journal can be exported at night instead, by a scheduled job."),
    page="schedule_one_command",
    arguments=("ledger.export_journal",),
)
