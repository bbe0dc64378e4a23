#!/bin/sh
# The step between building a release and starting it: run once, from the new release, before any of
# its processes starts. Its exit code says whether they may: 0 all schemas are migrated, anything else
# no (3: the tenants that failed are named, and running it again tries only those).
#
# Only this step has DATABASE_OWNER_URL; of the other keys it needs DATABASE_URL and REDIS_URL (docs/keys.md). The running
# version continues during and after it.
set -eu
: "${DATABASE_OWNER_URL:?the address of the owner, the only role that may migrate}"
cd "$(dirname "$0")/.."

python manage.py migrate_schemas --dry-run
python manage.py migrate_schemas "$@"
# Only the owner can drop schemas set aside by moves and restores, seven days later. It may wait for the next release.
python manage.py tenant clean-up || echo "Schemas set aside by moves and restores were not dropped." >&2
python manage.py check --database default --fail-level ERROR
