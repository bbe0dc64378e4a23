"""Middleware that refuses text for documents which no document can print."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from apps.kernel.errors import together
from apps.kernel.printing.characters import text_must_be_printable

from .commands import Command
from .envelope import Envelope, Next


def printed_text(envelope: Envelope, next: Next) -> Any:
    """Checks the fields that the command declares as printed, so that every entry point refuses them."""
    with together() as validation:
        for name in printed_fields(type(envelope.command)):
            label = name.replace("_", " ").capitalize()
            text = getattr(envelope.command, name)
            validation.check(text_must_be_printable, label, text or "")
    return next(envelope)


def printed_fields(command: type[Command]) -> list[str]:
    return [field.name for field in fields(command) if field.metadata.get("printed")]
