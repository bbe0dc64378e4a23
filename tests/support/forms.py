"""Forms of the consoles, as a browser submits them."""

from __future__ import annotations

import html
import re

from django.test import Client


def hidden_inputs(client: Client, path: str) -> dict[str, str]:
    """Of the page: the idempotency key, and the version of what the form edits."""
    return hidden_inputs_of(client.get(path).content.decode())


def hidden_inputs_of(page: str) -> dict[str, str]:
    inputs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in inputs}
