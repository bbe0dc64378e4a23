"""The embedded Valkey: Celery's broker and Django's cache."""

from __future__ import annotations

import signal
import subprocess
from tempfile import TemporaryFile

import redis

from .account import make_private, run_as
from .binaries import valkey_server
from .server import ENVIRONMENT, Server

PERSISTENCE = {
    "dev": ["appendonly yes", "appendfsync everysec"],
    "test": ["appendonly no"],
}


class Valkey(Server):
    name = "valkey"
    variable = "redis_url"
    stop_signal = signal.SIGTERM

    def addresses(self) -> dict[str, str]:
        return {"redis_url": f"redis://:{self._password}@127.0.0.1:{self.state.port}/0"}

    def launch(self) -> subprocess.Popen[bytes]:
        data = self.folder / "data"
        make_private(data)
        user = run_as(data)
        # The configuration is an unnamed file, so that the password is in no named file and no command line.
        with self.log.open("ab") as log, TemporaryFile() as configuration:
            configuration.write(self._configuration().encode())
            configuration.seek(0)
            return subprocess.Popen(
                [valkey_server(self.program_copies, **user), "-"],
                stdin=configuration,
                stdout=log,
                stderr=log,
                cwd=data,
                env=ENVIRONMENT,
                start_new_session=True,
                **user,
            )

    def accepts_connections(self) -> bool:
        try:
            with redis.Redis.from_url(self.addresses()["redis_url"], socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _configuration(self) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {self.state.port}",
            f"requirepass {self._password}",
            "daemonize no",
            "maxmemory-policy noeviction",  # a broker that evicts loses tasks
            'save ""',
            *PERSISTENCE[self.kind],
        ]
        return "\n".join(lines) + "\n"

    @property
    def _password(self) -> str:
        return self.state.password("default")
