"""Encryption of secrets at rest."""

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.kernel.secrets import SecretUnreadable, decrypt, encrypt, resealed

OLD, NEW = (f"{name}:{base64.b64encode(name.encode() * 32).decode()}" for name in "ab")


@pytest.fixture(autouse=True)
def old_key(settings):
    settings.FIELD_KEYS = [OLD]


def test_a_sealed_secret_is_decrypted():
    sealed = encrypt("whsec_ümlaut", "endpoint:7")

    assert decrypt(sealed, "endpoint:7") == "whsec_ümlaut"
    assert "ümlaut" not in sealed
    assert sealed != encrypt("whsec_ümlaut", "endpoint:7")


def test_a_secret_of_another_row_is_unreadable():
    sealed = encrypt("secret", "endpoint:7")

    with pytest.raises(SecretUnreadable, match="endpoint:8"):
        decrypt(sealed, "endpoint:8")


@pytest.mark.parametrize("modified", ["", "a", "a:", "a:!!", "b:AAAA", "a:" + "A" * 64, ":AAAA"])
def test_a_modified_secret_is_unreadable(modified):
    with pytest.raises(SecretUnreadable):
        decrypt(modified, "endpoint:7")


def test_an_old_key_still_decrypts_after_a_rotation(settings):
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
def test_a_malformed_key_is_refused_but_not_shown(settings, keys):
    settings.FIELD_KEYS = keys

    with pytest.raises(ImproperlyConfigured) as refused:
        encrypt("secret", "endpoint:7")

    assert OLD[2:] not in str(refused.value)
