"""The stored effect of a change set, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, ngettext


def effect_in_words(preview: Mapping[str, Any]) -> str:
    """ "14 tenants, 212 users gain, 3 lose"."""
    tenants = ngettext("{n} tenant", "{n} tenants", preview["tenants"]).format(n=preview["tenants"])
    gain = ngettext("{n} user gains", "{n} users gain", preview["gain"]).format(n=preview["gain"])
    parts = [tenants, gain, gettext("{n} lose").format(n=preview["lose"])]
    if preview["change"]:
        parts.append(gettext("{n} receive another value").format(n=preview["change"]))
    if preview["unreachable"]:
        parts.append(gettext("without {tenants}").format(tenants=", ".join(preview["unreachable"])))
    return ", ".join(parts)
