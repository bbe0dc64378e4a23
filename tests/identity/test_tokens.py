"""Access tokens: their claims, and the requests for which they are valid or invalid."""

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


def claims_of(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def forged(
    token: str, key=None, *, algorithm: str = "EdDSA", kid: str = "dev", typ: str = access.PURPOSE, **claims
) -> str:
    """The token with other claims, signed by the current key unless `key` is passed."""
    return jwt.encode(
        {**claims_of(token), **claims},
        keys.signing_key()[1] if key is None else key,
        algorithm=algorithm,
        headers={"kid": kid, "typ": typ},
    )


def test_a_token_has_the_claims_of_its_context(device, accountant, acme):
    tokens = device(accountant).tokens
    claims = claims_of(tokens["access_token"])

    assert claims["tenant_id"] == acme.id
    assert claims["tenant_epoch"] == acme.epoch
    assert claims["user_epoch"] == accountant.epoch
    assert claims["roles"] == ["accountant"]
    assert claims["scopes"] == []
    assert claims["aud"] == f"{settings.PUBLIC_URL}/tenants/{acme.id}"
    assert claims["iss"] == settings.PUBLIC_URL
    assert claims["sub"] == str(accountant.pk)
    assert claims["sid"] == tokens["session_id"]
    assert len(claims["jti"]) == 32
    assert claims["exp"] - claims["iat"] == tokens["expires_in"] <= 900
    assert tokens["token_type"] == "Bearer"


SCOPES_WITHOUT_PERMISSION = {"settings.manage_bulk"}
"""Scopes of permissions that no app declares yet; remove a scope when its permission is declared."""


def test_each_scope_has_an_existing_permission():
    known = numbering.committed()["permissions"]

    assert {
        scope for scope, permission in scopes.PERMISSION_OF.items() if permission not in known
    } == SCOPES_WITHOUT_PERMISSION


@pytest.mark.parametrize("scope", sorted(scopes.PERMISSION_OF.keys() - SCOPES_WITHOUT_PERMISSION))
def test_a_scope_in_a_token_grants_its_permission(device, accountant, acme, scope):
    permission = scopes.PERMISSION_OF[scope]
    app, codename = permission.split(".")
    with activate(acme):
        accountant.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )

    claims = claims_of(device(accountant).tokens["access_token"])

    assert claims["scopes"] == [scope]
    assert access_bearer(claims | {"permissions": []}).has_perm(permission)
    assert not access_bearer(claims | {"permissions": [], "scopes": []}).has_perm(permission)


def test_a_registered_claim_is_in_the_token(device, accountant, monkeypatch):
    monkeypatch.setattr(hooks, "_claims", {})
    hooks.token_claim("plan_level", lambda user: f"gold for {user.email}")
    hooks.token_claim("act", lambda user: None)
    hooks.token_claim("tenant_id", lambda user: 999)

    claims = claims_of(device(accountant).tokens["access_token"])

    assert claims["plan_level"] == "gold for accountant@acme.example"
    assert "act" not in claims
    assert claims["tenant_id"] != 999


def test_a_token_grants_access_by_its_roles(device, accountant, auditor):
    assert device(accountant).get().json()["email"] == "accountant@acme.example"
    assert device(accountant).get("ledger/accounts/").status_code == 200
    refused(device(accountant).get("identity/users/"), 403, "bus.read_permission_denied")
    assert device(auditor).get("identity/users/").status_code == 200


def test_a_token_has_exactly_the_permissions_of_its_roles(device, accountant, at_acme):
    claims = claims_of(device(accountant).tokens["access_token"])
    bearer = access_bearer(claims)

    assert bearer.get_all_permissions() == roles.permissions_of("accountant")
    assert bearer.has_perms(["ledger.post_entry"])
    assert not bearer.has_perm("periods.close_period")


def access_bearer(claims) -> Bearer:

    return Bearer(claims)


def test_a_command_with_a_token_is_recorded_under_its_user(device, owner, acme, at_acme):
    from apps.audit.models import Record

    response = device(owner).post(
        "identity/invitations/", {"email": "ada@acme.example", "name": "Ada", "role": "auditor"}
    )

    assert response.status_code == 201, response.content
    record = Record.objects.get(command="identity.invite_user", subject_id=str(response.json()["id"]))
    assert (record.actor_id, record.actor_name) == (owner.pk, str(owner))


def test_verifying_a_token_needs_no_query(device, accountant):
    here = device(accountant)
    assert here.get().status_code == 200

    with _no_query():
        assert here.get().json()["roles"] == ["accountant"]


def _no_query():
    class NoQuery:
        def __enter__(self):
            self.captures = [CaptureQueriesContext(connections[alias]) for alias in ("default", "control")]
            for capture in self.captures:
                capture.__enter__()

        def __exit__(self, *error):
            for capture in self.captures:
                capture.__exit__(*error)
            if not error[0]:
                assert [query["sql"] for capture in self.captures for query in capture.captured_queries] == []

    return NoQuery()


def test_a_request_with_a_token_gets_no_browser_session(device, accountant):
    response = device(accountant).get()

    assert response.json()["csrf_token"] is None
    assert not response.cookies


def test_without_a_token_the_browser_session_authenticates(client_for, accountant):
    assert client_for(accountant).get("/t/acme/api/v1/identity/me/").status_code == 200
    assert Client().get("/t/acme/api/v1/identity/me/").status_code == 401


def test_an_invalid_token_is_refused_despite_a_browser_session(client_for, accountant):
    response = client_for(accountant).get(
        "/t/acme/api/v1/identity/me/", headers={"authorization": "Bearer nonsense"}
    )

    refused(response, 401, "identity.token_invalid")
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "a" * 9000, "....", "null"])
def test_a_malformed_token_is_refused(device, accountant, token):
    response = Client().get("/t/acme/api/v1/identity/me/", headers={"authorization": f"Bearer {token}"})

    refused(response, 401, "identity.token_invalid")


def test_a_forged_signature_is_refused(device, accountant):
    here = device(accountant)
    token = here.tokens["access_token"]
    head, body, signature = token.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "dev"}).encode()).decode().rstrip("=")
    foreign_key = Ed25519PrivateKey.generate()
    public = keys.verifying_key("dev").public_bytes_raw()

    for fake in (
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        forged(token, foreign_key),
        forged(token, foreign_key, kid="foreign"),
        forged(token, public, algorithm="HS256"),
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{_changed(body, roles=['owner'])}.{signature}",
    ):
        refused(here.get(token=fake), 401, "identity.token_invalid")


def _changed(body: str, **claims) -> str:
    original = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return base64.urlsafe_b64encode(json.dumps(original | claims).encode()).decode().rstrip("=")


def test_a_token_without_a_required_claim_is_refused(device, accountant):
    here = device(accountant)
    claims = claims_of(here.tokens["access_token"])

    for claim in access.NEEDED:
        without = {name: value for name, value in claims.items() if name != claim}
        token = jwt.encode(
            without, keys.signing_key()[1], "EdDSA", headers={"kid": "dev", "typ": access.PURPOSE}
        )
        assert here.get(token=token).status_code == 401, claim


def test_a_token_for_another_purpose_is_refused(device, accountant):
    here = device(accountant)

    refused(here.get(token=forged(here.tokens["access_token"], typ="JWT")), 401, "identity.token_invalid")


def test_an_expired_token_is_refused(device, accountant, acme):
    with moved_to(now() - dt.timedelta(minutes=16)):
        here = device(accountant)

    refused(here.get(), 401, "identity.token_expired")


def test_a_token_of_another_installation_is_refused(device, accountant):
    here = device(accountant)

    elsewhere = forged(here.tokens["access_token"], iss="https://staging.example")
    refused(here.get(token=elsewhere), 401, "identity.token_invalid")


def test_a_new_signing_key_leaves_older_tokens_valid(device, accountant, settings):
    here = device(accountant)
    new = f"new:{base64.b64encode(b'n' * 32).decode()}"

    settings.TOKEN_KEYS = [new, *settings.TOKEN_KEYS]
    assert here.get().status_code == 200
    here.refresh()
    assert jwt.get_unverified_header(here.tokens["access_token"])["kid"] == "new"
    assert here.get().status_code == 200

    settings.TOKEN_KEYS = settings.TOKEN_KEYS[1:]
    refused(here.get(), 401, "identity.token_invalid")


class TestTokenOfAnotherTenant:
    """Users of two tenants can have the same id, which simplejwt and allauth's own tokens do not distinguish."""

    @pytest.fixture
    def here(self, device, accountant, globex_accountant):
        assert accountant.pk == globex_accountant.pk
        return device(accountant)

    def test_a_token_is_refused_at_the_path_of_another_tenant(self, here):
        refused(here.get("/t/globex/api/v1/identity/me/"), 403, "identity.token_of_another_tenant")

    def test_a_token_is_refused_at_the_host_of_another_tenant(self, here):
        assert here.get("/api/v1/identity/me/", host="acme.localhost").status_code == 200
        refused(
            here.get("/api/v1/identity/me/", host="globex.localhost"), 403, "identity.token_of_another_tenant"
        )

    def test_a_token_of_a_tenant_is_refused_at_the_platform(self, here):
        refused(here.get("/api/v1/identity/me/"), 403, "identity.token_of_another_tenant")

    def test_a_token_of_the_platform_is_refused_at_a_tenant(self, device, operator, acme):
        there = device(operator, None)

        assert there.get().json()["tenant"] is None
        refused(there.get("/t/acme/api/v1/identity/me/"), 403, "identity.token_of_another_tenant")

    def test_a_signed_token_with_a_foreign_tenant_claim_is_refused(self, here, globex):
        """Each of the two claims alone causes the refusal, even with a valid signature."""
        token = here.tokens["access_token"]

        for claims in ({"aud": access.audience(globex)}, {"tenant_id": globex.id}):
            refused(
                here.get("/t/globex/api/v1/identity/me/", token=forged(token, **claims)),
                403,
                "identity.token_of_another_tenant",
            )

    def test_a_token_with_a_session_of_another_tenant_is_refused(self, here, globex):
        """A token with all claims of the other tenant, but with a session of this one."""
        there = forged(
            here.tokens["access_token"],
            aud=access.audience(globex),
            tenant_id=globex.id,
            tenant_epoch=globex.epoch,
        )

        refused(here.get("/t/globex/api/v1/identity/me/", token=there), 401, "identity.token_outdated")

    def test_a_refresh_token_is_refused_in_another_tenant(self, here, globex):
        shown = {"refresh_token": here.tokens["refresh_token"]}

        for address in ("/t/globex/api/v1/identity/tokens/", "/api/v1/identity/tokens/"):
            for action in ("refresh/", "revoke/"):
                response = Client().post(address + action, shown, content_type="application/json")
                refused(response, 401, "identity.refresh_token_unknown")
        assert here.refresh().status_code == 200


def test_a_session_cookie_of_another_tenant_is_refused(client_for, accountant, globex, acme):
    """The cache key and the content of a session both name the tenant."""
    from django.core.cache import cache

    from apps.tenancy.sessions import TENANT, SessionStore

    acme_cookie, globex_cookie = f"bursar_session_{acme.id}", f"bursar_session_{globex.id}"
    client = client_for(accountant)
    key = client.cookies[acme_cookie].value
    stranger = Client()
    stranger.cookies[globex_cookie] = key

    assert stranger.get("/t/globex/api/v1/identity/me/").status_code == 401
    with activate(acme):
        data = cache.get(SessionStore(key).cache_key)
        assert data[TENANT] == acme.id
    with activate(globex):  # as if the keys were equal
        cache.set(SessionStore(key).cache_key, data)
        assert SessionStore(key).load() == {}
    assert stranger.get("/t/globex/api/v1/identity/me/").status_code == 401
    assert client.get("/t/acme/api/v1/identity/me/").status_code == 200


class TestSignIn:
    def sign_in(self, **body):
        return Client().post("/t/acme/api/v1/identity/tokens/", body, content_type="application/json")

    def test_a_wrong_password_is_refused_like_an_unknown_address(self, acme):
        wrong = refused(
            self.sign_in(email="owner@acme.example", password="wrong"), 401, "identity.credentials_refused"
        )
        stranger = refused(
            self.sign_in(email=f"{uuid4().hex}@acme.example", password=PASSWORD),
            401,
            "identity.credentials_refused",
        )
        assert wrong["detail"] == stranger["detail"]

    def test_a_user_of_another_tenant_is_refused(self, acme):
        refused(
            self.sign_in(email="owner@globex.example", password=PASSWORD), 401, "identity.credentials_refused"
        )

    def test_a_deactivated_user_is_refused(self, acme):
        with activate(acme):
            User.objects.filter(email="auditor@acme.example").update(is_active=False)

        refused(
            self.sign_in(email="auditor@acme.example", password=PASSWORD), 401, "identity.credentials_refused"
        )

    def test_a_missing_field_is_named(self, acme):
        problem = refused(self.sign_in(email="owner@acme.example"), 400, "request.invalid")

        assert [error["attr"] for error in problem["errors"]] == ["password"]

    def test_signing_in_over_the_api_leaves_the_browser_session_open(self, client_for, accountant, acme):
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

    def test_the_rate_limit_is_reported_then_enforced(self, acme):
        start = now()
        with moved_to(start):
            first = self.sign_in(email="owner@acme.example", password="wrong")
        with moved_to(start + dt.timedelta(seconds=13)):
            responses = [
                self.sign_in(email=f"{number}@acme.example", password="wrong") for number in range(20)
            ]

        assert (first["RateLimit-Limit"], first["RateLimit-Remaining"], first["RateLimit-Reset"]) == (
            "20",
            "19",
            "60",
        )
        refused(responses[-2], 429, "identity.too_many_attempts")
        refused(responses[-1], 429, "request.throttled")
        assert responses[-1]["Retry-After"] == "47"

    def test_clients_behind_a_trusted_proxy_have_separate_limits(self, acme, settings):
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
            self.sign_in(email="owner@acme.example", password=f"guess {number}").json()["code"]
            for number in range(7)
        ]

        assert codes[-1] == "identity.too_many_attempts"

    def test_an_incomplete_login_is_refused(self, acme, monkeypatch):
        """As a second factor would be."""
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

        refused(
            self.sign_in(email="owner@acme.example", password=PASSWORD), 401, "identity.second_factor_needed"
        )


class TestTokensOfAllauth:
    """The control: allauth's own JWTs are valid in every tenant, which is why Bursar issues its own."""

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

    def test_a_token_of_allauth_is_valid_in_every_tenant(
        self, stock, accountant, globex_accountant, acme, globex
    ):
        from apps.tenancy.sessions import SessionStore

        with activate(acme):
            session = SessionStore()
            session.create()
            token = stock.create_access_token(accountant, session, {})

        with activate(globex):
            user, claims = stock.validate_access_token(token)
            assert user.pk == globex_accountant.pk
            assert user.email == "accountant@globex.example"
            assert "tenant_id" not in claims

    def test_a_token_of_allauth_is_refused_by_bursar(self, stock, device, accountant, acme):
        from apps.tenancy.sessions import SessionStore

        with activate(acme):
            session = SessionStore()
            session.create()
            token = stock.create_access_token(accountant, session, {})

        refused(device(accountant).get(token=token), 401, "identity.token_invalid")


class TestBearer:
    def test_an_individual_permission_is_a_claim(self, device, accountant, acme):
        with activate(acme):
            bulk = Permission.objects.get(codename="close_period")
            User.objects.get(pk=accountant.pk).user_permissions.add(bulk)

        claims = claims_of(device(accountant).tokens["access_token"])

        assert claims["permissions"] == ["periods.close_period"]
        assert access_bearer(claims).has_perm("periods.close_period")

    def test_the_row_of_the_user_is_loaded_lazily(self, device, accountant, at_acme):
        bearer = access_bearer(claims_of(device(accountant).tokens["access_token"]))

        with _no_query():
            assert (str(bearer), bearer.pk, bearer.email) == (
                str(accountant),
                accountant.pk,
                accountant.email,
            )
            assert bearer.is_authenticated
        assert bearer.row == accountant

    def test_an_operator_has_every_permission(self, device, operator):
        bearer = access_bearer(claims_of(device(operator, None).tokens["access_token"]))

        assert bearer.has_perm("tenancy.onboard_tenant")
        assert bearer.get_all_permissions() == operator.get_all_permissions()
        assert set(bearer.claims["scopes"]) == set(scopes.PERMISSION_OF)
