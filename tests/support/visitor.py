"""A person who uses a console over HTTP, in a real web process."""

from __future__ import annotations

import re
from uuid import uuid4

import requests

from tests.support.database import PASSWORD


class Visitor:
    """A client that logs in over HTTP and posts JSON."""

    def __init__(self, console: str, email: str) -> None:
        self.console, self.session = console, requests.Session()
        form = self.session.get(f"{console}/accounts/login/", timeout=120).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token
        response = self.session.post(
            f"{console}/accounts/login/",
            {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]},
            headers={"referer": console},
            timeout=120,
        )
        assert response.ok, response.text[:300]
        me = self.session.get(f"{console}/api/v1/identity/me/", timeout=120).json()
        self.session.headers.update({"x-csrftoken": me["csrf_token"], "referer": console})

    def post(self, path: str, body: object, **headers: str) -> requests.Response:
        """Posts JSON under a new idempotency key."""
        named = {"idempotency-key": uuid4().hex, **headers}
        return self.session.post(f"{self.console}/api/v1/{path}", json=body, headers=named, timeout=120)
