"""Heavy parts of the console that can be turned off."""

import datetime as dt

from django.utils.translation import gettext_lazy as _

from apps.kernel.degradable import declare_degradable
from apps.kernel.features import declare_flag

LIST_EXPORTS = declare_degradable(
    flag=declare_flag(
        key="console.list-exports",
        category="ops",
        type=bool,
        default=True,
        description=_("Lists can be exported as CSV files, up to 100,000 rows each."),
        owner="operations@bursar.example",
        expires_on=dt.date(2027, 11, 30),
    ),
    title=_("The export of lists"),
    fallback=_("The API has the same rows, in pages."),
)
