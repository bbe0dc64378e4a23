"""The effect of a change on the population, in words: which tenants and users gain, lose and change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

MAX_TENANTS = 50
Preview = Mapping[str, Any]


def effect_of(preview: Preview | None) -> Mapping[str, Any]:
    """The context of flags/effect.html."""
    if preview is None:
        return {"sentence": ""}
    tenants = [
        (one["tenant"], *(f"{one[name]:,}" for name in ("users", "gain", "lose", "change")))
        for one in preview["by_tenant"]
        if one["gain"] or one["lose"] or one["change"]
    ]
    return {
        "sentence": sentence_of(preview),
        "headers": (
            gettext("Tenant"),
            gettext("Users"),
            gettext("Gain"),
            gettext("Lose"),
            gettext("Another value"),
        ),
        "rows": tenants[:MAX_TENANTS],
        "is_cut": len(tenants) > MAX_TENANTS,
        "conflicts": [f"{one['key']}: {one['why']}" for one in preview.get("conflicts", ())],
        "periods": [f"{tenant}: {period}" for tenant, period in preview.get("open_periods", {}).items()],
        "unreachable": preview.get("unreachable", ()),
    }


def sentence_of(preview: Preview) -> str:
    """`Affects 6 of 18 tenants, 212 users: 200 gain, 3 lose, 9 receive another value.`"""
    gain, lose, change = (preview[name] for name in ("gain", "lose", "change"))
    affected = preview["tenants"]
    if not affected:
        return gettext("Affects no user of the {tenants} tenants, {users} users.").format(
            tenants=f"{len(preview['by_tenant']):,}", users=f"{preview['users']:,}"
        )
    return gettext(
        "Affects {affected} of {tenants} tenants: {gain} users gain, {lose} lose, {change} receive another value."
    ).format(
        affected=f"{affected:,}",
        tenants=f"{len(preview['by_tenant']):,}",
        gain=f"{gain:,}",
        lose=f"{lose:,}",
        change=f"{change:,}",
    )
