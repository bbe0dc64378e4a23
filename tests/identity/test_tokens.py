"""An access token: what it says, what it is good for, and everywhere that it is good for nothing."""

from __future__ import annotations

import base64
import datetime as dt
import json
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.identity import hooks, roles, scopes
from apps.identity.models import User
from apps.identity.tokens import access, keys
from apps.identity.tokens.bearer import Bearer
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate
from apps.tenancy import numbering
from tests.support.database import PASSWORD
from tests.support.problems import refused


def said_by(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def forged(token: str, key=None, *, algorithm: str = "EdDSA", kid: str = "dev", **claims) -> str:
    """The token with other claims; signed by our key unless another is given."""
    return jwt.encode(
        {**said_by(token), **claims},
        keys.signing_key()[1] if key is None else key,
        algorithm=algorithm,
        headers={"kid": kid},
    )


def test_it_carries_the_context(device, accountant, acme):
    """Rows IDN-04 and IDN-05."""
    tokens = device(accountant).tokens
    said = said_by(tokens["access_token"])

    assert said["tenant_id"] == acme.id
    assert said["tenant_epoch"] == acme.epoch
    assert said["user_epoch"] == accountant.epoch
    assert said["roles"] == ["accountant"]
    assert said["scopes"] == []
    assert said["aud"] == f"{settings.PUBLIC_URL}/tenants/{acme.id}"
    assert said["iss"] == settings.PUBLIC_URL
    assert said["sub"] == str(accountant.pk)
    assert said["sid"] == tokens["session_id"]
    assert len(said["jti"]) == 32
    assert said["exp"] - said["iat"] == tokens["expires_in"] <= 900
    assert tokens["token_type"] == "Bearer"


AHEAD = {"settings.manage_bulk", "features.manage"}
"""Scopes of permissions that no app declares yet. A permission that comes takes its scope off this list."""


def test_a_scope_stands_for_a_permission_that_exists():
    known = numbering.committed()["permissions"]

    assert {scope for scope, permission in scopes.PERMISSION_OF.items() if permission not in known} == AHEAD


@pytest.mark.parametrize("scope", sorted(scopes.PERMISSION_OF.keys() - AHEAD))
def test_a_token_names_a_permission_by_its_scope_and_grants_it_again(device, accountant, acme, scope):
    permission = scopes.PERMISSION_OF[scope]
    app, codename = permission.split(".")
    with activate(acme):
        accountant.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )

    said = said_by(device(accountant).tokens["access_token"])

    assert said["scopes"] == [scope]
    assert access_bearer(said | {"permissions": []}).has_perm(permission)
    assert not access_bearer(said | {"permissions": [], "scopes": []}).has_perm(permission)


def test_others_plug_in_claims(device, accountant, monkeypatch):
    monkeypatch.setattr(hooks, "_claims", {})
    hooks.token_claim("plan_level", lambda user: f"gold for {user.email}")
    hooks.token_claim("act", lambda user: None)
    hooks.token_claim("tenant_id", lambda user: 999)

    said = said_by(device(accountant).tokens["access_token"])

    assert said["plan_level"] == "gold for accountant@acme.example"
    assert "act" not in said
    assert said["tenant_id"] != 999


def test_it_opens_the_doors_that_its_roles_open(device, accountant, auditor):
    assert device(accountant).get().json()["email"] == "accountant@acme.example"
    assert device(accountant).get("ledger/accounts/").status_code == 200
    refused(device(accountant).get("identity/users/"), 403, "bus.read_permission_denied")
    assert device(auditor).get("identity/users/").status_code == 200


def test_it_may_what_its_roles_may_and_no_more(device, accountant, at_acme):
    claims = said_by(device(accountant).tokens["access_token"])
    bearer = access_bearer(claims)

    assert bearer.get_all_permissions() == roles.permissions_of("accountant")
    assert bearer.has_perms(["ledger.post_entry"])
    assert not bearer.has_perm("periods.close_period")


def access_bearer(claims) -> Bearer:

    return Bearer(claims)


def test_a_command_is_told_who_asked(device, owner, acme, at_acme):
    from apps.audit.models import Record

    response = device(owner).post(
        "identity/users/", {"email": "ada@acme.example", "name": "Ada", "role": "auditor"}
    )

    assert response.status_code == 201, response.content
    record = Record.objects.get(command="identity.invite_user", subject_id=str(response.json()["id"]))
    assert (record.actor_id, record.actor_name) == (owner.pk, str(owner))


def test_to_verify_it_asks_the_database_nothing(device, accountant):
    here = device(accountant)
    assert here.get().status_code == 200

    with _no_query():
        assert here.get().json()["roles"] == ["accountant"]


def _no_query():
    class Silence:
        def __enter__(self):
            self.each = [CaptureQueriesContext(connections[alias]) for alias in ("default", "control")]
            for one in self.each:
                one.__enter__()

        def __exit__(self, *error):
            for one in self.each:
                one.__exit__(*error)
            if not error[0]:
                assert [query["sql"] for one in self.each for query in one.captured_queries] == []

    return Silence()


def test_asking_with_a_token_begins_no_session(device, accountant):
    response = device(accountant).get()

    assert response.json()["csrf_token"] is None
    assert not response.cookies


def test_without_a_token_the_browsers_session_is_asked(client_for, accountant):
    assert client_for(accountant).get("/t/acme/api/v1/identity/me/").status_code == 200
    assert Client().get("/t/acme/api/v1/identity/me/").status_code == 401


def test_a_bad_token_is_refused_though_the_browser_is_logged_in(client_for, accountant):
    response = client_for(accountant).get(
        "/t/acme/api/v1/identity/me/", headers={"authorization": "Bearer nonsense"}
    )

    refused(response, 401, "identity.token_invalid")
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "a" * 9000, "....", "null"])
def test_what_is_no_token_is_refused(device, accountant, token):
    response = Client().get("/t/acme/api/v1/identity/me/", headers={"authorization": f"Bearer {token}"})

    refused(response, 401, "identity.token_invalid")


def test_nobody_else_signs(device, accountant):
    here = device(accountant)
    token = here.tokens["access_token"]
    head, body, signature = token.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "dev"}).encode()).decode().rstrip("=")
    theirs = Ed25519PrivateKey.generate()
    public = keys.verifying_key("dev").public_bytes_raw()

    for fake in (
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        forged(token, theirs),
        forged(token, theirs, kid="theirs"),
        forged(token, public, algorithm="HS256"),
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{_changed(body, roles=['owner'])}.{signature}",
    ):
        refused(here.get(token=fake), 401, "identity.token_invalid")


def _changed(body: str, **claims) -> str:
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return base64.urlsafe_b64encode(json.dumps(said | claims).encode()).decode().rstrip("=")


def test_every_claim_must_be_there(device, accountant):
    here = device(accountant)
    said = said_by(here.tokens["access_token"])

    for claim in access.NEEDED:
        without = {name: value for name, value in said.items() if name != claim}
        token = jwt.encode(without, keys.signing_key()[1], "EdDSA", headers={"kid": "dev"})
        assert here.get(token=token).status_code == 401, claim


def test_it_is_good_for_minutes(device, accountant, acme):
    with moved_to(now() - dt.timedelta(minutes=16)):
        here = device(accountant)

    refused(here.get(), 401, "identity.token_expired")


def test_another_installations_token_is_refused(device, accountant):
    here = device(accountant)

    elsewhere = forged(here.tokens["access_token"], iss="https://staging.example")
    refused(here.get(token=elsewhere), 401, "identity.token_invalid")


def test_keys_are_changed_without_anybody_noticing(device, accountant, settings):
    here = device(accountant)
    new = f"new:{base64.b64encode(b'n' * 32).decode()}"

    settings.TOKEN_KEYS = [new, *settings.TOKEN_KEYS]
    assert here.get().status_code == 200
    here.refresh()
    assert jwt.get_unverified_header(here.tokens["access_token"])["kid"] == "new"
    assert here.get().status_code == 200

    settings.TOKEN_KEYS = settings.TOKEN_KEYS[1:]
    refused(here.get(), 401, "identity.token_invalid")


class TestAnotherTenants:
    """What django-rest-framework-simplejwt and allauth's own tokens let pass: users of two tenants have the same id."""

    @pytest.fixture
    def here(self, device, accountant, globex_accountant):
        assert accountant.pk == globex_accountant.pk
        return device(accountant)

    def test_at_its_path(self, here):
        refused(here.get("/t/globex/api/v1/identity/me/"), 403, "identity.token_of_another_tenant")

    def test_at_its_host(self, here):
        assert here.get("/api/v1/identity/me/", host="acme.localhost").status_code == 200
        refused(
            here.get("/api/v1/identity/me/", host="globex.localhost"), 403, "identity.token_of_another_tenant"
        )

    def test_at_the_platform(self, here):
        refused(here.get("/api/v1/identity/me/"), 403, "identity.token_of_another_tenant")

    def test_the_platforms_at_a_tenant(self, device, operator, acme):
        there = device(operator, None)

        assert there.get().json()["tenant"] is None
        refused(there.get("/t/acme/api/v1/identity/me/"), 403, "identity.token_of_another_tenant")

    def test_with_its_audience_and_our_signature(self, here, globex):
        """Though it were signed by mistake, each of the two says it alone."""
        token = here.tokens["access_token"]

        for claims in ({"aud": access.audience(globex)}, {"tenant_id": globex.id}):
            refused(
                here.get("/t/globex/api/v1/identity/me/", token=forged(token, **claims)),
                403,
                "identity.token_of_another_tenant",
            )

    def test_its_session_is_not_there(self, here, globex):
        """A token that was altogether another's, but for a session that only this tenant has."""
        there = forged(
            here.tokens["access_token"],
            aud=access.audience(globex),
            tenant_id=globex.id,
            tenant_epoch=globex.epoch,
        )

        refused(here.get("/t/globex/api/v1/identity/me/", token=there), 401, "identity.token_outdated")

    def test_its_refresh_token(self, here, globex):
        shown = {"refresh_token": here.tokens["refresh_token"]}

        for address in ("/t/globex/api/v1/identity/tokens/", "/api/v1/identity/tokens/"):
            for door in ("refresh/", "revoke/"):
                response = Client().post(address + door, shown, content_type="application/json")
                refused(response, 401, "identity.refresh_token_unknown")
        assert here.refresh().status_code == 200


def test_the_session_cookie_of_another_tenant_is_nobodys(client_for, accountant, globex, acme):
    """Row IDN-06: under a key of the tenant, and with its name inside."""
    from django.core.cache import cache

    from apps.tenancy.sessions import TENANT, SessionStore

    ours, theirs = f"bursar_session_{acme.id}", f"bursar_session_{globex.id}"
    client = client_for(accountant)
    key = client.cookies[ours].value
    stranger = Client()
    stranger.cookies[theirs] = key

    assert stranger.get("/t/globex/api/v1/identity/me/").status_code == 401
    with activate(acme):
        kept = cache.get(SessionStore(key).cache_key)
        assert kept[TENANT] == acme.id
    with activate(globex):  # were the keys ever the same
        cache.set(SessionStore(key).cache_key, kept)
        assert SessionStore(key).load() == {}
    assert stranger.get("/t/globex/api/v1/identity/me/").status_code == 401
    assert client.get("/t/acme/api/v1/identity/me/").status_code == 200


class TestSigningIn:
    def ask(self, **body):
        return Client().post("/t/acme/api/v1/identity/tokens/", body, content_type="application/json")

    def test_a_wrong_password_and_a_stranger_sound_alike(self, acme):
        wrong = refused(
            self.ask(email="owner@acme.example", password="wrong"), 401, "identity.credentials_refused"
        )
        stranger = refused(
            self.ask(email=f"{uuid4().hex}@acme.example", password=PASSWORD),
            401,
            "identity.credentials_refused",
        )
        assert wrong["detail"] == stranger["detail"]

    def test_somebody_of_another_tenant(self, acme):
        refused(
            self.ask(email="owner@globex.example", password=PASSWORD), 401, "identity.credentials_refused"
        )

    def test_somebody_who_was_shut_out(self, acme):
        with activate(acme):
            User.objects.filter(email="auditor@acme.example").update(is_active=False)

        refused(
            self.ask(email="auditor@acme.example", password=PASSWORD), 401, "identity.credentials_refused"
        )

    def test_what_is_missing_is_said(self, acme):
        said = refused(self.ask(email="owner@acme.example"), 400, "request.invalid")

        assert [each["attr"] for each in said["errors"]] == ["password"]

    def test_a_browser_that_is_logged_in_stays_so(self, client_for, accountant, acme):
        client = client_for(accountant)
        before = client.cookies[f"bursar_session_{acme.id}"].value
        response = client.post(
            "/t/acme/api/v1/identity/tokens/",
            {"email": "auditor@acme.example", "password": PASSWORD},
            content_type="application/json",
        )

        assert response.status_code == 201
        assert response["Cache-Control"] == "no-store"
        assert client.get("/t/acme/api/v1/identity/me/").json()["email"] == accountant.email
        assert client.cookies[f"bursar_session_{acme.id}"].value == before

    def test_how_often_is_said_and_limited(self, acme):
        with moved_to(now().replace(second=13)):
            first = self.ask(email="owner@acme.example", password="wrong")
            answers = [self.ask(email=f"{each}@acme.example", password="wrong") for each in range(20)]

        assert (first["RateLimit-Limit"], first["RateLimit-Remaining"], first["RateLimit-Reset"]) == (
            "20",
            "19",
            "47",
        )
        refused(answers[-2], 429, "identity.too_many_attempts")
        refused(answers[-1], 429, "request.throttled")
        assert answers[-1]["Retry-After"] == "47"

    def test_callers_behind_a_proxy_of_ours_are_told_apart(self, acme, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

        def left(forwarded: str) -> str:
            response = Client().post(
                "/t/acme/api/v1/identity/tokens/",
                {"email": "x@acme.example", "password": "wrong"},
                content_type="application/json",
                headers={"x-forwarded-for": forwarded},
            )
            return response["RateLimit-Remaining"]

        with moved_to(now().replace(second=13)):
            assert [left("203.0.113.1"), left("203.0.113.2"), left("198.51.100.9, 203.0.113.1")] == [
                "19",
                "19",
                "18",
            ]

    def test_guessing_one_password_is_limited(self, acme):
        codes = [
            self.ask(email="owner@acme.example", password=f"guess {each}").json()["code"] for each in range(7)
        ]

        assert codes[-1] == "identity.too_many_attempts"

    def test_a_stage_that_is_left_is_said(self, acme, monkeypatch):
        """As a second factor will be one."""
        from allauth.account import stages
        from allauth.account.adapter import DefaultAccountAdapter
        from django.http import HttpResponse

        class SecondFactor(stages.LoginStage):
            key = "second"
            urlname = "account_login"

            def handle(self):
                return HttpResponse(status=401), True

        monkeypatch.setattr(
            DefaultAccountAdapter, "get_login_stages", lambda self: [f"{__name__}.{SecondFactor.__name__}"]
        )
        monkeypatch.setattr(f"{__name__}.{SecondFactor.__name__}", SecondFactor, raising=False)

        refused(self.ask(email="owner@acme.example", password=PASSWORD), 401, "identity.second_factor_needed")


class TestTheStockOnes:
    """The control: what allauth's own JWTs let pass, so that ours had to be written."""

    @pytest.fixture
    def stock(self, settings):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        settings.HEADLESS_JWT_PRIVATE_KEY = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
            .private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            .decode()
        )
        from allauth.headless.tokens.strategies.jwt import internal

        return internal

    def test_their_token_is_good_at_every_tenant(self, stock, accountant, globex_accountant, acme, globex):
        from apps.tenancy.sessions import SessionStore

        with activate(acme):
            session = SessionStore()
            session.create()
            token = stock.create_access_token(accountant, session, {})

        with activate(globex):
            user, said = stock.validate_access_token(token)
            assert user.pk == globex_accountant.pk
            assert user.email == "accountant@globex.example"
            assert "tenant_id" not in said

    def test_and_good_for_nothing_here(self, stock, device, accountant, acme):
        from apps.tenancy.sessions import SessionStore

        with activate(acme):
            session = SessionStore()
            session.create()
            token = stock.create_access_token(accountant, session, {})

        refused(device(accountant).get(token=token), 401, "identity.token_invalid")


class TestTheBearer:
    def test_a_permission_given_past_any_role_is_said(self, device, accountant, acme):
        with activate(acme):
            bulk = Permission.objects.get(codename="close_period")
            User.objects.get(pk=accountant.pk).user_permissions.add(bulk)

        said = said_by(device(accountant).tokens["access_token"])

        assert said["permissions"] == ["periods.close_period"]
        assert access_bearer(said).has_perm("periods.close_period")

    def test_the_row_is_asked_for_when_it_is_needed(self, device, accountant, at_acme):
        bearer = access_bearer(said_by(device(accountant).tokens["access_token"]))

        with _no_query():
            assert (str(bearer), bearer.pk, bearer.email) == (
                str(accountant),
                accountant.pk,
                accountant.email,
            )
            assert bearer.is_authenticated
        assert bearer.row == accountant

    def test_an_operators_may_everything(self, device, operator):
        bearer = access_bearer(said_by(device(operator, None).tokens["access_token"]))

        assert bearer.has_perm("tenancy.onboard_tenant")
        assert bearer.get_all_permissions() == operator.get_all_permissions()
        assert set(bearer.claims["scopes"]) == set(scopes.PERMISSION_OF)
