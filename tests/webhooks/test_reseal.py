"""A new key for secrets at rest."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.kernel.secrets import SecretUnreadable
from apps.kernel.tenant import activate


def test_afterwards_the_old_key_can_be_dropped(acme, endpoint, source, settings):
    old, new = settings.FIELD_KEYS[0], "new:" + "A" * 43 + "="
    settings.FIELD_KEYS = [new, old]
    out = StringIO()

    with activate(None):
        call_command("reseal", json=True, stdout=out)

    assert json.loads(out.getvalue()) == {"resealed": 2}
    settings.FIELD_KEYS = [new]
    assert endpoint.secrets.get().opened() == endpoint.new_secret
    settings.FIELD_KEYS = [old]
    with pytest.raises(SecretUnreadable):
        source.secrets.get().opened()
