"""The web process. It does not start with settings under which tenants could meet."""

import os

from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

application = get_wsgi_application()

if faults := [each for each in run_checks(databases=["default"]) if each.level >= ERROR]:
    raise ImproperlyConfigured("\n".join(str(each) for each in faults))
