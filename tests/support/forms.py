"""Forms of the consoles, as a browser submits them."""

from __future__ import annotations

import html
import re

from django.test import Client


def hidden_inputs(client: Client, path: str) -> dict[str, str]:
    """Of the page: the idempotency key, and the version of what the form edits."""
    inputs = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)"', client.get(path).content.decode()
    )
    return {name: html.unescape(value) for name, value in inputs}
