"""The kill switch of sending."""

import datetime as dt

from django.utils.translation import gettext_lazy as _

from apps.kernel.features import declare_flag

SENDING = declare_flag(
    key="webhooks.sending",
    category="ops",
    type=bool,
    default=True,
    description=_("Webhooks are sent. While it is off, messages wait, and use up no attempt."),
    owner="integrations@bursar.example",
    expires_on=dt.date(2027, 11, 30),
)
