"""`make up`: each process serves, and Ctrl-C leaves no process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from config.embedded.home import CHECKOUT
from config.env import for_child
from tests.support.processes import free_port, home_of_servers

ADDRESSES = (
    *("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_RELAY_URL", "DATABASE_BACKUP_URL"),
    "REDIS_URL",
)
API_GUIDE = CHECKOUT / "docs" / "api.md"
API_GUIDE_PRELUDE = 'curl() { command curl --fail-with-body "$@" && echo; }\n'
UP_SECONDS = 240
DOWN_SECONDS = 240

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
    pytest.mark.exhaustive("starts everything, kills it and waits for its return"),
    pytest.mark.xdist_group("up"),
]


class Up:
    """One run of `python -m config.up`, on a port and a home of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.written = home / f"output-{time.monotonic_ns()}"
        with self.written.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.up"],
                cwd=CHECKOUT,
                env=for_child(without=ADDRESSES, BURSAR_HOME=str(home), PORT=str(port)),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.written.read_text(errors="replace")

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + UP_SECONDS
        while words not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.2)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + UP_SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.output
            time.sleep(0.2)

    def get(self, path: str) -> int:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Host": f"localhost:{self.port}"}
        )
        with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
            return int(response.status)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(DOWN_SECONDS)

    def left(self) -> list[str]:
        """The command lines of processes that belong to this run."""
        return [*self.processes().values()]

    def processes(self) -> dict[int, str]:
        """By number, their command lines; found by the home of this run."""
        mark = str(self.home).encode()
        command_lines = {}
        for process in Path("/proc").glob("[0-9]*"):
            if int(process.name) == os.getpid():
                continue
            with suppress(OSError):
                known = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
                known += str((process / "cwd").readlink()).encode()
                if mark in known:
                    command_lines[int(process.name)] = (
                        (process / "cmdline").read_bytes().decode(errors="replace")
                    )
        return command_lines

    def kill(self, words: str) -> None:
        """The first of its processes whose command line has these words: servers and leaders come before children."""
        os.kill(min(pid for pid, line in self.processes().items() if words in line), signal.SIGKILL)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    """One run for all tests of this module; the last one ends it."""
    with home_of_servers() as home:
        run = Up(home, free_port())
        run.wait_for("Bursar is up")
        yield run
        if run.process.poll() is None:
            run.interrupt()


def test_the_printed_addresses_respond(up: Up) -> None:
    assert up.get("/healthz") == 200
    assert up.get("/t/acme/") == 200
    assert f"http://localhost:{up.port}/t/globex/" in up.output


def test_the_commands_of_the_api_guide_succeed_on_the_demo_data(up: Up) -> None:
    script = API_GUIDE_PRELUDE + "".join(re.findall(r"```sh\n(.*?)```", API_GUIDE.read_text(), re.DOTALL))

    ran = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script.replace(":8000/", f":{up.port}/")],
        cwd=up.home,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '"email":"owner@acme.example"' in ran.stdout
    assert '"memo":"cash sale"' in ran.stdout
    assert '"would_be_done":false' in ran.stdout
    assert "periods.earlier_period_is_open" in ran.stdout


def test_the_migrations_behind_the_data_are_recorded(up: Up) -> None:
    assert (up.home / "dev" / "migrations.json").exists()


def test_a_second_run_is_refused(up: Up) -> None:
    second = Up(up.home, up.port)

    assert second.process.wait(180) == 2
    assert "already running" in second.output


def test_a_killed_process_is_restarted(up: Up) -> None:
    for words, message in (
        ("valkey-server", "valkey had ended and was restarted"),
        ("postgres\0-D", "postgres had ended and was restarted"),
        ("manage.py\0relay", "relay ended with -9; restarting in"),
        ("manage.py\0backup_worker", "backup_worker ended with -9; restarting in"),
        ("--queues\0default", "default ended with -9; restarting in"),
    ):
        up.kill(words)
        up.wait_for(message)

    up.until(
        lambda: all(
            any(name in line for line in up.left()) for name in ("\0relay", "\0backup_worker", "\0default\0")
        )
    )
    up.until(lambda: up.get("/t/acme/") == 200)


def test_ctrl_c_leaves_nothing_behind(up: Up) -> None:
    assert up.interrupt() == 0, up.output
    assert up.left() == []


def test_a_taken_port_is_refused_before_anything_starts(servers_home: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        refused = Up(servers_home, port)
        assert refused.process.wait(180) == 2

    assert f"Port {port} is taken" in refused.output
    assert not (servers_home / "dev" / "postgres").exists()


def test_data_of_an_edited_migration_is_refused_before_anything_starts(servers_home: Path, port: int) -> None:
    data = servers_home / "dev"
    data.mkdir(exist_ok=True)
    (data / "migrations.json").write_text('{"ledger.0001_initial": "another form"}')

    refused = Up(servers_home, port)

    assert refused.process.wait(UP_SECONDS) == 1
    assert "ledger.0001_initial changed since the data was created." in refused.output
    assert f"Remove {data}; the next run creates it again." in refused.output
    assert not (data / "postgres").exists()
