"""Playwright drives the browser from an event loop in this very thread, where Django would refuse its database."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def database_beside_an_event_loop() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield
