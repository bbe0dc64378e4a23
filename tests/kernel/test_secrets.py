"""Secrets at rest."""

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.kernel.secrets import SecretUnreadable, decrypt, encrypt, resealed

OLD, NEW = (f"{name}:{base64.b64encode(name.encode() * 32).decode()}" for name in "ab")


@pytest.fixture(autouse=True)
def old_key(settings):
    settings.FIELD_KEYS = [OLD]


def test_opens_what_it_sealed():
    sealed = encrypt("whsec_ümlaut", "endpoint:7")

    assert decrypt(sealed, "endpoint:7") == "whsec_ümlaut"
    assert "ümlaut" not in sealed
    assert sealed != encrypt("whsec_ümlaut", "endpoint:7")


def test_what_belongs_to_one_place_does_not_open_at_another():
    sealed = encrypt("secret", "endpoint:7")

    with pytest.raises(SecretUnreadable, match="endpoint:8"):
        decrypt(sealed, "endpoint:8")


@pytest.mark.parametrize("touched", ["", "a", "a:", "a:!!", "b:AAAA", "a:" + "A" * 64, ":AAAA"])
def test_what_was_touched_does_not_open(touched):
    with pytest.raises(SecretUnreadable):
        decrypt(touched, "endpoint:7")


def test_a_new_key_seals_and_the_old_one_still_opens(settings):
    before = encrypt("secret", "endpoint:7")
    settings.FIELD_KEYS = [NEW, OLD]

    after = resealed(before, "endpoint:7")

    assert decrypt(before, "endpoint:7") == decrypt(after, "endpoint:7") == "secret"
    assert (before[:2], after[:2]) == ("a:", "b:")
    assert resealed(after, "endpoint:7") == after
    settings.FIELD_KEYS = [NEW]
    assert decrypt(after, "endpoint:7") == "secret"
    with pytest.raises(SecretUnreadable):
        decrypt(before, "endpoint:7")


@pytest.mark.parametrize("keys", [[], ["a"], ["a:AAAA"], ["a:!!"], [":" + OLD[2:]]])
def test_a_malformed_key_is_said_and_not_shown(settings, keys):
    settings.FIELD_KEYS = keys

    with pytest.raises(ImproperlyConfigured) as said:
        encrypt("secret", "endpoint:7")

    assert OLD[2:] not in str(said.value)
