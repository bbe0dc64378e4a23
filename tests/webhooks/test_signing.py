"""Our signatures and those of the package that the specification's authors publish mean the same."""

import base64
import datetime as dt
import json

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from apps.kernel import clock
from apps.webhooks import signing

BODY = '{"type":"entry.posted","data":{"memo":"Büro ☕"}}'.encode()
ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


def test_the_package_believes_our_signature():
    secret = signing.new_secret()

    headers = signing.headers([secret], ID, clock.now(), BODY)

    assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)


def test_we_believe_the_packages_signature():
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

    theirs = Webhook("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").sign(ID, at, body.decode())
    assert headers["webhook-signature"] == theirs


def test_while_a_secret_is_rotated_either_is_believed():
    old, new = signing.new_secret(), signing.new_secret()

    headers = signing.headers([new, old], ID, clock.now(), BODY)

    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers)
        signing.verify([secret], headers, BODY, clock.now())
    signing.verify([signing.new_secret(), old], headers, BODY, clock.now())


@pytest.mark.parametrize("by", [dt.timedelta(minutes=6), dt.timedelta(minutes=-6)])
def test_an_old_message_and_one_from_the_future_are_refused(by):
    secret = signing.new_secret()
    headers = signing.headers([secret], ID, clock.now() + by, BODY)

    with pytest.raises(signing.SignatureDoesNotHold):
        signing.verify([secret], headers, BODY, clock.now())
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers)


def test_within_five_minutes_it_is_believed():
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
def test_whatever_is_missing_or_touched_it_is_refused(change):
    headers = signing.headers([SECRET], ID, clock.now(), BODY) | change

    with pytest.raises(signing.SignatureDoesNotHold):
        signing.verify([SECRET], headers, BODY, clock.now())


def test_another_body_is_refused():
    headers = signing.headers([SECRET], ID, clock.now(), BODY)

    with pytest.raises(signing.SignatureDoesNotHold):
        signing.verify([SECRET], headers, BODY + b" ", clock.now())


@pytest.mark.parametrize("secret", ["whsec_", "whsec_AAAA", "whsec_" + "A" * 400, "whsec_!!", "", "hello"])
def test_what_is_no_secret_is_not_used_as_one(secret):
    with pytest.raises(signing.NotASecret):
        signing.key_of(secret)
