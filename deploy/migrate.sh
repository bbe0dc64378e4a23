#!/bin/sh
# The step between building a release and starting it: run once, from the new release, before any of
# its processes starts. Its exit code says whether they may: 0 all schemas are migrated, anything else
# no (3: the tenants that failed are named, and running it again tries only those).
#
# This step alone holds DATABASE_OWNER_URL. The running version goes on meanwhile and afterwards.
set -eu
: "${DATABASE_OWNER_URL:?the address of the owner, who alone may migrate}"
cd "$(dirname "$0")/.."

python manage.py migrate_schemas --dry-run
python manage.py migrate_schemas "$@"
# What moves and restores have set aside is dropped after seven days; only the owner can. It may wait for the next time.
python manage.py tenant clean-up || echo "Schemas set aside by moves and restores were not dropped." >&2
python manage.py check --database default --fail-level ERROR
