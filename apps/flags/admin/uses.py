"""The section on the page of a flag that lists the lines of code that read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.flags.models import Flag
from apps.flags.module import VIEW
from apps.flags.references import Reference, by_key, references


@cache
def _uses() -> Mapping[str, Sequence[Reference]]:
    """Read once per process: code does not change while one runs."""
    return by_key(references())


def uses(request: HttpRequest, flag: Flag) -> Mapping[str, Any]:
    return {
        "headers": (gettext("File"), gettext("Line")),
        "rows": [(use.path, str(use.line)) for use in _uses().get(flag.key, ())],
    }


hooks.plug(
    "operator",
    hooks.Section(
        model="flags.flag",
        title=_("Used in code"),
        permission=VIEW,
        template="flags/references.html",
        context=uses,
    ),
)
