"""Signatures are compatible with the reference package of the specification."""

import base64
import datetime as dt
import json

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from apps.kernel import clock
from apps.webhooks import signing

BODY = '{"type":"entry.posted","data":{"memo":"Büro ☕"}}'.encode()
ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


def test_a_signature_is_verified_by_the_reference_package():
    secret = signing.new_secret()

    headers = signing.headers([secret], ID, clock.now(), BODY)

    assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)


def test_a_signature_of_the_reference_package_is_verified():
    secret = signing.new_secret()
    at = dt.datetime.now(dt.UTC)
    headers = {
        "webhook-id": ID,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(ID, at, BODY.decode()),
    }

    signing.verify([secret], headers, BODY, clock.now())


def test_the_example_of_the_specification():
    at = dt.datetime.fromtimestamp(1674087231, tz=dt.UTC)
    body = b'{"event_type":"ping"}'

    headers = signing.headers(["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"], ID, at, body)

    expected = Webhook("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").sign(ID, at, body.decode())
    assert headers["webhook-signature"] == expected


def test_during_a_rotation_both_secrets_are_valid():
    old, new = signing.new_secret(), signing.new_secret()

    headers = signing.headers([new, old], ID, clock.now(), BODY)

    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers)
        signing.verify([secret], headers, BODY, clock.now())
    signing.verify([signing.new_secret(), old], headers, BODY, clock.now())


@pytest.mark.parametrize("by", [dt.timedelta(minutes=6), dt.timedelta(minutes=-6)])
def test_a_timestamp_outside_the_tolerance_is_refused(by):
    secret = signing.new_secret()
    headers = signing.headers([secret], ID, clock.now() + by, BODY)

    with pytest.raises(signing.InvalidSignature):
        signing.verify([secret], headers, BODY, clock.now())
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers)


def test_a_timestamp_within_the_tolerance_is_accepted():
    secret = signing.new_secret()
    headers = signing.headers([secret], ID, clock.now() - dt.timedelta(minutes=4, seconds=55), BODY)

    signing.verify([secret], headers, BODY, clock.now())


SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "１６７４０８７２３１"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1a,AAAA"},
        {"webhook-signature": "v1,é"},
    ],
)
def test_a_changed_header_is_refused(change):
    headers = signing.headers([SECRET], ID, clock.now(), BODY) | change

    with pytest.raises(signing.InvalidSignature):
        signing.verify([SECRET], headers, BODY, clock.now())


def test_a_changed_body_is_refused():
    headers = signing.headers([SECRET], ID, clock.now(), BODY)

    with pytest.raises(signing.InvalidSignature):
        signing.verify([SECRET], headers, BODY + b" ", clock.now())


@pytest.mark.parametrize("secret", ["whsec_", "whsec_AAAA", "whsec_" + "A" * 400, "whsec_!!", "", "hello"])
def test_a_malformed_secret_is_refused(secret):
    with pytest.raises(signing.InvalidSecret):
        signing.key_of(secret)
