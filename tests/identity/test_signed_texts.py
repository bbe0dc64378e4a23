"""Every kind of signed text against every attack. A kind that is missing here fails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from apps.flags import previews
from apps.flags.models import ChangeSet
from apps.identity.accounts import addresses, devices, password_links
from apps.identity.errors import RefreshTokenUnknown
from apps.identity.models import ApiSession, Invitation, RefreshToken, User, token_statuses
from apps.identity.tokens import access, refreshing
from apps.impersonation.models import TICKET_PURPOSE
from apps.kernel import random_tokens, signed
from apps.kernel.clock import moved_to, now
from apps.kernel.errors import Refusal
from apps.kernel.files.local import DOWNLOAD
from apps.kernel.tenant import TenantInfo, activate, current_tenant

SESSION_ID, EPOCH = 77, 9
DRAFT = ChangeSet(pk=7, digest="0" * 64)
YEAR = dt.timedelta(days=366)


@dataclass(frozen=True)
class Kind:
    """`issue` makes a text for a user, and `reads` is whether it is accepted for the user with this address."""

    issue: Callable[[User], str]
    reads: Callable[[str, str], bool]
    of_a_user: bool = True


def _device_cookie(user: User) -> str:
    response = HttpResponse()
    devices.remember(RequestFactory().get("/"), response, user)
    (morsel,) = response.cookies.values()
    return morsel.value


def _is_known_device(text: str, email: str) -> bool:
    tenant, request = current_tenant(), RequestFactory().get("/")
    request.COOKIES[f"bursar_device_{tenant.id}" if tenant else "bursar_device"] = text
    return devices.known(request, email) is not None


def _access_token(user: User) -> str:
    return access.issue(
        ApiSession.objects.select_related("user").get(user=user), now() + dt.timedelta(minutes=9)
    )


def _is_access_token(text: str, email: str) -> bool:
    try:
        return access.read(text)["email"] == email
    except Refusal:
        return False


def _is_of(user: User | None, email: str) -> bool:
    return user is not None and user.email == email


def _invitation_token(user: User) -> str:
    invitation = Invitation(email="invited@acme.example", name="Invited")
    invitation.issue(str(user))
    return invitation.sign_token()


KINDS = {
    "kernel.download": Kind(
        lambda user: DOWNLOAD.sign(name="a.pdf"),
        lambda text, email: DOWNLOAD.claims_of(text) is not None,
        of_a_user=False,
    ),
    "identity.confirm_address": Kind(
        addresses.token_of, lambda text, email: _is_of(addresses.user_to_confirm(text), email)
    ),
    "identity.choose_password": Kind(
        lambda user: password_links.link_for(user).rstrip("/").rpartition("/")[2],
        lambda text, email: _is_of(password_links.user_of(text), email),
    ),
    "identity.accept_invitation": Kind(
        _invitation_token,
        lambda text, email: Invitation.objects.with_token(text).exists(),
        of_a_user=False,
    ),
    "identity.known_device": Kind(_device_cookie, _is_known_device),
    "flags.preview": Kind(
        lambda user: previews.sealed(DRAFT, {})["seal"],
        lambda text, email: previews.is_sealed(DRAFT, {"seal": text}),
        of_a_user=False,
    ),
    access.PURPOSE: Kind(_access_token, _is_access_token),
}


def _clone_into(tenant: TenantInfo | None, user: User) -> None:
    """The user's row and session, with their ids."""
    row = User(
        pk=user.pk,
        email=user.email,
        name=user.name,
        password=user.password,
        new_email="new@acme.example",
        epoch=EPOCH,
        joined_at=now(),
    )
    columns = ["email", "name", "password", "new_email", "epoch", "joined_at", "last_login"]
    times = dict.fromkeys(("began_at", "authenticated_at", "last_used_at"), now()) | {
        "expires_at": now() + YEAR
    }
    with activate(tenant):
        User.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=columns)
        ApiSession.objects.create(pk=SESSION_ID, user_id=user.pk, **times)


@pytest.fixture
def user(acme, globex, accountant) -> User:
    """Equal rows exist in another tenant and on the platform, as in a clone."""
    for tenant in (globex, None, acme):
        _clone_into(tenant, accountant)
    with activate(acme):
        return User.objects.get(pk=accountant.pk)


@pytest.fixture
def texts(acme, user) -> dict[str, str]:
    with activate(acme):
        return {name: kind.issue(user) for name, kind in KINDS.items()}


def accepted(texts: dict[str, str], tenant: TenantInfo | None, email: str) -> set[str]:
    token_statuses.invalidate()
    with activate(tenant):
        return {name for name, text in texts.items() if KINDS[name].reads(text, email)}


def test_every_purpose_is_attacked():
    assert signed.PURPOSES.keys() <= KINDS.keys()


def test_a_text_is_accepted_for_its_purpose_tenant_and_user(texts, acme, user):
    assert accepted(texts, acme, user.email) == KINDS.keys()


def test_a_text_of_one_tenant_is_refused_in_others_and_on_the_platform(texts, globex, user):
    assert accepted(texts, globex, user.email) == set()
    assert accepted(texts, None, user.email) == set()


def test_a_text_of_the_platform_is_refused_in_tenants(acme, user):
    with activate(None):
        texts = {name: kind.issue(User.objects.get(pk=user.pk)) for name, kind in KINDS.items()}

    assert accepted(texts, None, user.email) == KINDS.keys()
    assert accepted(texts, acme, user.email) == set()


def test_a_text_for_one_purpose_is_refused_for_all_others(texts, acme, user):
    for number in range(1, len(KINDS)):
        names = [*KINDS]
        shifted = dict(zip(names, [texts[name] for name in names[number:] + names[:number]], strict=True))

        assert accepted(shifted, acme, user.email) == set()


def test_a_text_of_an_earlier_epoch_of_the_tenant_is_refused(texts, acme, user):
    assert accepted(texts, replace(acme, epoch=acme.epoch + 1), user.email) == set()


def test_a_text_of_an_earlier_epoch_of_the_user_is_refused(texts, acme, user):
    with activate(acme):
        User.objects.filter(pk=user.pk).update(epoch=EPOCH + 1)

    assert accepted(texts, acme, user.email) == {name for name, kind in KINDS.items() if not kind.of_a_user}


def test_a_text_about_a_deactivated_user_is_refused(texts, acme, user):
    with activate(acme), connection.cursor() as cursor:
        cursor.execute("UPDATE identity_user SET is_active = false WHERE id = %s", [user.pk])

    assert accepted(texts, acme, user.email) == {name for name, kind in KINDS.items() if not kind.of_a_user}


def test_a_text_about_one_user_is_refused_for_another(texts, acme, owner):
    assert accepted(texts, acme, owner.email) == {name for name, kind in KINDS.items() if not kind.of_a_user}


def test_a_tampered_text_is_refused(texts, acme, user):
    for change in (
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "Q"),
        lambda text: ("A" if text[9] != "A" else "B").join((text[:9], text[10:])),
        lambda text: text[:-9],
        lambda text: f"{text}\0",
        lambda text: "",
    ):
        assert accepted({name: change(text) for name, text in texts.items()}, acme, user.email) == set()


def test_an_expired_text_is_refused(acme, user):
    with activate(acme), moved_to(now() - YEAR):
        texts = {name: kind.issue(user) for name, kind in KINDS.items()}

    assert accepted(texts, acme, user.email) == set()


def test_a_password_link_is_void_after_a_sign_in(texts, acme, user):
    with activate(acme):
        User.objects.filter(pk=user.pk).update(last_login=now())

    assert accepted(texts, acme, user.email) == KINDS.keys() - {"identity.choose_password"}


def test_a_random_token_opens_nothing_by_a_row_of_another_tenant(acme, globex, user):
    with activate(acme):
        token = refreshing.first_pair(ApiSession.objects.get(pk=SESSION_ID)).refresh_token
        row = RefreshToken.objects.get()
        assert refreshing.session_of(token).pk == SESSION_ID
    with activate(globex):
        row.pk = row._state.db = None
        row.save(force_insert=True)

        with pytest.raises(RefreshTokenUnknown):
            refreshing.session_of(token)


def test_the_digest_of_a_random_token_depends_on_its_purpose(at_acme):
    token = random_tokens.new_token()

    assert random_tokens.digest_of(refreshing.PURPOSE, token) != random_tokens.digest_of(
        TICKET_PURPOSE, token
    )
