"""The user of the servers when the process is root, since PostgreSQL refuses to run as root.

No user is added, and no other directory changes its rights.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

from config.env import env

from .errors import CannotStart


def run_as(directory: Path) -> dict[str, Any]:
    """Arguments for `subprocess` to run a child as the owner of the directory. An existing directory keeps its
    owner. Raises CannotStart if the user has no access to the directory."""
    if os.geteuid() != 0:
        return {}
    user = _owner(directory)
    _must_be_enterable(directory.parent, user)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def make_private(directory: Path) -> None:
    """Makes a directory that only the server can read."""
    directory.mkdir(mode=0o700, exist_ok=True)
    hand_over(directory)


def hand_over(path: Path) -> None:
    """Makes the servers' user the owner of a file or directory."""
    if os.geteuid() == 0:
        user = _unprivileged()
        _must_be_enterable(path.parent, user)
        os.chown(path, user.pw_uid, user.pw_gid)


def _owner(directory: Path) -> pwd.struct_passwd:
    uid = directory.stat().st_uid if directory.exists() else 0
    if uid == 0:
        return _unprivileged()
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise CannotStart(
            f"{directory} belongs to user {uid}, which does not exist on this system: "
            f"add the user, or remove the directory to start anew."
        ) from None


def _unprivileged() -> pwd.struct_passwd:
    name = env().bursar_pg_user
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise CannotStart(
            f"PostgreSQL does not run as root and there is no user {name}: "
            f"name an unprivileged user in BURSAR_PG_USER."
        ) from None


def _must_be_enterable(directory: Path, user: pwd.struct_passwd) -> None:
    for step in (directory, *directory.parents):
        if not step.stat().st_mode & 0o001 and step.stat().st_uid != user.pw_uid:
            raise CannotStart(
                f"The servers run as {user.pw_name}, a user without access to {step}: "
                f"choose another directory with BURSAR_HOME."
            )
