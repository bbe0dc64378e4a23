"""A browser and a web process, each started once. Each test has a web worker of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from config.env import env
from tests.support.pages import page_with_faults
from tests.support.processes import eventually, free_port, responds, running

QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
expect.set_options(timeout=60_000)  # a busy machine is slow, and only a failing test waits so long


@pytest.fixture(scope="package", autouse=True)
def database_beside_an_event_loop() -> Iterator[None]:
    """Playwright runs an event loop in this thread, in which Django would refuse database access."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not env().chromium.exists():
        pytest.skip(f"no Chromium at {env().chromium}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=env().chromium, args=QUIET.split())
        yield browser
        browser.close()


class Gunicorn:
    """Loads the application once and forks a worker per test, so that no memory or connection is shared by two
    tests."""

    def __init__(self, served_by: Path) -> None:
        self.address = f"http://127.0.0.1:{free_port()}"
        self._served_by, self._running = served_by, ExitStack()

    def serve(self, environment: Mapping[str, str]) -> str:
        if not self._served_by.exists():
            self._start({**environment, "SERVED_BY": str(self._served_by), "PUBLIC_URL": self.address})
        eventually(lambda: responds(f"{self.address}/healthz"))
        return self.address

    def end_worker(self) -> None:
        served = self._served_by.read_text()
        os.kill(int(served), signal.SIGKILL)
        eventually(lambda: self._served_by.read_text() not in ("", served))  # the next worker is up

    def stop(self) -> None:
        self._running.close()

    def _start(self, environment: dict[str, str]) -> None:
        bound = self.address.removeprefix("http://")
        command = ("gunicorn", "config.wsgi", "-b", bound, "-k", "gthread", "--threads", "4")
        forking = ("--preload", "--no-control-socket", "-c", "python:tests.browser.forking")
        without = "DATABASE_OWNER_URL DATABASE_RELAY_URL DATABASE_BACKUP_URL"
        self._running.enter_context(running(environment, *command, *forking, without=without))
        eventually(self._served_by.exists)


@pytest.fixture(scope="package")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    gunicorn = Gunicorn(tmp_path_factory.mktemp("gunicorn") / "served_by")
    yield gunicorn
    gunicorn.stop()


@pytest.fixture
def web(environment: Mapping[str, str], gunicorn: Gunicorn) -> Iterator[str]:
    """The address of the web process."""
    yield gunicorn.serve(environment)
    gunicorn.end_worker()


@pytest.fixture
def visit(browser: Browser, web: str) -> Iterator[Page]:
    """A page. Console errors, script errors and requests to other hosts fail the test."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, base_url=web)
    page, faults = page_with_faults(context, web)
    yield page
    context.close()
    assert faults == []
