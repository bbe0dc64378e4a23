"""Key rotation of encrypted fields."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.secrets import SecretUnreadable
from apps.kernel.tenant import activate
from apps.notices.commands import AddNotificationChannel
from apps.operations.commands import SuspendTenant
from apps.webhooks.commands import AddSource, RegisterEndpoint

SUITE = System("The suite")


def test_after_a_key_rotation_the_old_key_is_unused(acme, operator, settings):
    """Also in a closed tenant."""
    old, new = settings.FIELD_KEYS[0], "new:" + "A" * 43 + "="
    with activate(acme):
        endpoint = dispatch(RegisterEndpoint(url="https://hooks.example.com/"), actor=SUITE)
        source = dispatch(
            AddSource(name="psp", scheme="standard", secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            actor=SUITE,
        )
        chat = dispatch(
            AddNotificationChannel(name="Chat", address="jsons://hooks.example.com/room"), actor=SUITE
        )
    dispatch(SuspendTenant(tenant_id=acme.id, reason="Unpaid."), actor=operator)
    settings.FIELD_KEYS = [new, old]
    out = StringIO()

    call_command("reseal", json=True, stdout=out)

    assert json.loads(out.getvalue()) == {"resealed": 3}
    settings.FIELD_KEYS = [new]
    with activate(acme):
        chat.refresh_from_db()
        assert chat.opened() == "jsons://hooks.example.com/room"
        assert endpoint.secrets.get().opened() == endpoint.new_secret
        settings.FIELD_KEYS = [old]
        with pytest.raises(SecretUnreadable):
            source.secrets.get().opened()
