"""The rotation of each key, as docs/keys.md describes it: what was made with the old key is usable in each step, and
after the removal of the old key; and processes of two steps run side by side."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import secrets
from typing import Any
from unittest import mock

import jwt
import psycopg
import pytest
import redis
from django.core.management import call_command
from django.test import Client, override_settings

from apps.audit.models import Segment
from apps.audit.verification import verify
from apps.backups.errors import BackupFileSignatureInvalid
from apps.backups.files.backup_file import BackupFile, Writer
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.kernel.actors import System
from apps.kernel.files.local import signed
from apps.kernel.files.store import LinkNotValid, files
from apps.kernel.sealed_fields import SealedField, sealed_columns
from apps.kernel.secrets import SecretUnreadable
from apps.kernel.tenant import activate
from apps.notices.commands import AddNotificationChannel
from apps.operations.commands import SuspendTenant
from apps.webhooks.commands import AddSource, RegisterEndpoint
from config.databases import connection
from config.env import env
from config.keys.table import KEYS
from config.settings._files import store
from tests.support.servers import superuser_url

SUITE = System("The suite")
RANDOM = {name: secrets.token_urlsafe(50) for name in ("old", "new")}


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def keys(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("keys", *arguments, json=True, stdout=out)
    return dict(json.loads(out.getvalue()))


def rows_needing(setting: str) -> dict[str, tuple[str, int]]:
    return {
        row["key_id"]: (row["status"], row["rows"])
        for row in keys("list")["keys"]
        if row["setting"] == setting
    }


class Rotations:
    """A method per heading."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.request, self.settings = request, request.getfixturevalue("settings")
        self.acme = request.getfixturevalue("acme")

    def secret_key(self) -> None:
        self.settings.SECRET_KEY = RANDOM["old"]
        client_for, owner = self.fixture("client_for"), self.fixture("owner")
        used, unused = client_for(owner), client_for(owner)
        with activate(self.acme):
            old_link = token_of_link("a.pdf")

        self.settings.SECRET_KEY, self.settings.SECRET_KEY_FALLBACKS = RANDOM["new"], [RANDOM["old"]]
        assert used.get("/t/acme/").status_code == 200
        with activate(self.acme):
            assert signed(old_link) == "a.pdf"
            new_link = token_of_link("a.pdf")
        self.settings.SECRET_KEY, self.settings.SECRET_KEY_FALLBACKS = RANDOM["old"], [RANDOM["new"]]
        assert used.get("/t/acme/").status_code == 200
        with activate(self.acme):
            assert signed(new_link) == "a.pdf"
        self.settings.SECRET_KEY, self.settings.SECRET_KEY_FALLBACKS = RANDOM["new"], [RANDOM["old"]]
        assert used.get("/t/acme/").status_code == 200

        self.settings.SECRET_KEY_FALLBACKS = []
        assert used.get("/t/acme/").status_code == 200
        assert unused.get("/t/acme/").status_code == 302
        with activate(self.acme):
            assert signed(new_link) == "a.pdf"
            with pytest.raises(LinkNotValid):
                signed(old_link)

    def field_keys(self) -> None:
        """Also in a closed tenant."""
        old, new = key("old"), key("new")
        self.settings.FIELD_KEYS = [old]
        with activate(self.acme):
            endpoint = dispatch(RegisterEndpoint(url="https://hooks.example.com/"), actor=SUITE)
            standard = AddSource(
                name="psp", scheme="standard", secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            )
            source = dispatch(standard, actor=SUITE)
            address = "jsons://hooks.example.com/room"
            chat = dispatch(AddNotificationChannel(name="Chat", address=address), actor=SUITE)
            rows = (chat, endpoint.secrets.get(), source.secrets.get())
        suspension = SuspendTenant(tenant_id=self.acme.id, reason="Unpaid.")
        dispatch(suspension, actor=self.fixture("operator"))

        self.settings.FIELD_KEYS = [new, old]
        assert rows_needing("FIELD_KEYS") == {"new": ("newest", 0), "old": ("older", 3)}
        assert {model for model, _ in sealed_columns()} == {type(row) for row in rows}
        assert keys("reseal", "--dry-run")["resealed"] == {"acme": 3}
        with mock.patch("apps.kernel.sealed_fields.BATCH_SIZE", 1):
            assert keys("reseal")["resealed"] == {"acme": 3}
        assert keys("reseal")["resealed"] == {}
        assert rows_needing("FIELD_KEYS") == {"new": ("newest", 3), "old": ("older", 0)}

        for chosen in ([old, new], [new]):
            self.settings.FIELD_KEYS = chosen
            with activate(self.acme):
                chat.refresh_from_db()
                assert chat.opened() == address
        with activate(self.acme):
            assert endpoint.secrets.get().opened() == endpoint.new_secret
            assert source.secrets.get().opened() == standard.secret
            self.settings.FIELD_KEYS = [old]
            with pytest.raises(SecretUnreadable):
                source.secrets.get().opened()
        assert rows_needing("FIELD_KEYS") == {"old": ("newest", 0), "new": ("missing", 3)}

    def audit_keys(self) -> None:
        old, new = self.settings.AUDIT_KEYS[0], key("new")
        seal_all = self.fixture("seal_all")
        with activate(self.acme):
            dispatch(FoundCompany(code="OLD", name="Old", currency="EUR"), actor=SUITE)
            before = seal_all()
            old_file = backup_file()

            self.settings.AUDIT_KEYS = [new, old]
            dispatch(FoundCompany(code="NEW", name="New", currency="EUR"), actor=SUITE)
            after = seal_all()
            assert {segment.key_id for segment in after} == {"new"}
            assert verify().intact
            self.settings.AUDIT_KEYS = [old, new]
            assert verify().intact
            self.settings.AUDIT_KEYS = [new, old]
            counts = rows_needing("AUDIT_KEYS")
            assert counts["new"] == ("newest", len(after))
            assert counts["dev"][0] == "older"
            assert counts["dev"][1] >= len(before)
            BackupFile(old_file)
            BackupFile(backup_file())

            self.settings.AUDIT_KEYS = [new]
            assert {fault.kind for fault in verify().faults} == {"key"}
            assert Segment.objects.filter(key_id="dev").exists()
            with pytest.raises(BackupFileSignatureInvalid):
                BackupFile(old_file)
            assert rows_needing("AUDIT_KEYS")["dev"][0] == "missing"

    def token_keys(self) -> None:
        old, new = key("old"), key("new")
        self.settings.TOKEN_KEYS = [old]
        here = self.fixture("device")(self.fixture("accountant"))
        old_token = here.tokens["access_token"]

        self.settings.TOKEN_KEYS = [new, old]
        assert here.get(token=old_token).status_code == 200
        here.refresh()
        assert jwt.get_unverified_header(here.tokens["access_token"])["kid"] == "new"
        self.settings.TOKEN_KEYS = [old, new]
        assert here.get().status_code == 200

        self.settings.TOKEN_KEYS = [new]
        assert here.get().status_code == 200
        assert here.get(token=old_token).status_code == 401
        assert here.refresh().status_code == 200

    def metrics_token(self) -> None:
        def status(name: str) -> int:
            headers = {"authorization": f"Bearer {RANDOM[name]}"}
            return Client().get("/metrics", headers=headers).status_code

        for current, other in (("old", "new"), ("new", "old")):
            with override_settings(METRICS_TOKEN=RANDOM[current]):
                assert (status(current), status(other)) == (200, 403)

    def passwords_of_database_roles(self) -> None:
        address = superuser_url()
        if address is None:
            pytest.skip("needs a superuser")
        role = f"rotation_{os.getpid()}"
        with psycopg.connect(address, autocommit=True) as superuser, contextlib.ExitStack() as stack:
            superuser.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{RANDOM['old']}'")
            stack.callback(superuser.execute, f"DROP ROLE {role}")
            url = address.replace("//postgres:", f"//{role}:")
            with connected(url, RANDOM["old"]) as during:
                superuser.execute(f"ALTER ROLE {role} PASSWORD '{RANDOM['new']}'")
                assert during.execute("SELECT 1").fetchone() == (1,)
            with connected(url, RANDOM["new"]) as after:
                assert after.execute("SELECT current_user").fetchone() == (role,)
            with pytest.raises(psycopg.OperationalError, match="password"):
                connected(url, RANDOM["old"])

    def passwords_of_redis_and_the_broker(self) -> None:
        admin = redis.Redis.from_url(self.settings.REDIS_URL)
        user = f"rotation-{os.getpid()}"
        server = self.settings.REDIS_URL.rpartition("@")[2].removeprefix("redis://")

        def pings(name: str) -> bool:
            return bool(redis.Redis.from_url(f"redis://{user}:{RANDOM[name]}@{server}").ping())

        admin.acl_setuser(user, enabled=True, passwords=[f"+{RANDOM['old']}"], categories=["+@all"])
        try:
            assert pings("old")
            admin.execute_command("ACL", "SETUSER", user, f">{RANDOM['new']}")
            assert pings("old")
            assert pings("new")
            admin.execute_command("ACL", "SETUSER", user, f"<{RANDOM['old']}")
            assert pings("new")
            with pytest.raises(redis.AuthenticationError):
                pings("old")
        finally:
            admin.acl_deluser(user)

    def credentials_of_services(self) -> None:
        patch = self.fixture("monkeypatch")
        patch.setenv("FILES_URL", "s3://invoices")
        try:
            for name in ("old", "new"):
                patch.setenv("AWS_SECRET_ACCESS_KEY", RANDOM[name])
                env.cache_clear()
                assert store(env())["OPTIONS"]["secret_key"] == RANDOM[name]
        finally:
            patch.undo()
            env.cache_clear()

    def fixture(self, name: str) -> Any:
        return self.request.getfixturevalue(name)


HEADINGS = [*dict.fromkeys(key.rotation for key in KEYS)]


@pytest.mark.parametrize("heading", HEADINGS)
def test_after_a_rotation_what_the_old_key_made_is_usable(
    request: pytest.FixtureRequest, heading: str
) -> None:
    getattr(Rotations(request), heading.lower().replace(" ", "_"))()


def test_a_sealed_field_is_a_text_column() -> None:
    assert SealedField(blank=True).deconstruct()[1:] == ("django.db.models.TextField", [], {"blank": True})


def token_of_link(name: str) -> str:
    return files().url(name).rsplit("/", 1)[-1]


def backup_file() -> io.BytesIO:
    file = io.BytesIO()
    with Writer(file) as writer:
        writer.seal({})
    file.seek(0)
    return file


def connected(url: str, password: str) -> psycopg.Connection:
    """With the parameters that Django gets for the URL."""
    credentials, _, host = url.rpartition("@")
    parameters = connection(f"{credentials.rpartition(':')[0]}:{password}@{host}")
    return psycopg.connect(
        host=parameters["HOST"],
        port=parameters["PORT"],
        user=parameters["USER"],
        password=parameters["PASSWORD"],
        dbname=parameters["NAME"],
    )
