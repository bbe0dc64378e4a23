"""`manage.py relay`, which knows the suite's own listener."""

from __future__ import annotations

import django
from django.core.management import call_command

from tests.support.poisoned import listen

if __name__ == "__main__":
    django.setup()
    listen()
    call_command("relay")
