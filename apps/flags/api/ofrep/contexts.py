"""The evaluation context in the body of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError

from apps.bus.api.parsers import JSONBody
from apps.flags import queries
from apps.flags.errors import ContextInvalid

MAX_BODY_BYTES = 65_536
MAX_ATTRIBUTES = 200
MAX_NAME_LENGTH = 200
TARGETING_KEY = "targetingKey"


class ContextBody(JSONBody):
    """JSON of at most MAX_BODY_BYTES."""

    largest = MAX_BODY_BYTES


def context_of(body: Any) -> dict[str, Any]:
    """The attributes of the context, without those that are null. `targetingKey` is the user unless the context names
    one. The tenant and its plan are those of the address, whatever the
    context says. The company is the first one of the tenant unless the context names another.

    Raises ParseError, ContextInvalid.
    """
    if not isinstance(body, Mapping):
        raise ParseError(_("The body is no JSON object."))
    context = body.get("context")
    if context is None:
        context = {}
    if not isinstance(context, Mapping):
        raise _invalid(_("it is no object"))
    if len(context) > MAX_ATTRIBUTES:
        raise _invalid(_("it has more than {most} attributes"), most=MAX_ATTRIBUTES)
    if any(len(name) > MAX_NAME_LENGTH for name in context):
        raise _invalid(_("a name in it has more than {most} characters"), most=MAX_NAME_LENGTH)
    return _attributes(context)


def _attributes(context: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {name: value for name, value in context.items() if value is not None}
    key = attributes.pop(TARGETING_KEY, "")
    if not isinstance(key, str):
        raise _invalid(_("targetingKey is no text"))
    if key:
        attributes = {"user": key, TARGETING_KEY: key, **attributes}
    named = {"company": attributes["company"]} if "company" in attributes else {}
    return {**attributes, **queries.context_of(None), **named}


def _invalid(why: str | Promise, **values: object) -> ContextInvalid:
    return ContextInvalid(why=str(why).format(**values))
