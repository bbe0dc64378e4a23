"""Nobody who works here may turn a sequence by hand.

A sequence is found by its number without a look at its schema, so the right that the tenants' group had was a right to
those of all tenants. Identity columns count without it. This stands in the first app that every schema has.
"""

from django.db import migrations

from apps.kernel.guards import RUNTIME_ROLES

_BOTH = """
DO $$
BEGIN
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I {verb} USAGE, SELECT ON SEQUENCES {word} {roles}',
        current_schema());
    EXECUTE format('{verb} USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I {word} {roles}', current_schema());
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("bus", "0002_keys_stay")]
    operations = [
        migrations.RunSQL(
            _BOTH.format(verb="REVOKE", word="FROM", roles=RUNTIME_ROLES),
            _BOTH.format(verb="GRANT", word="TO", roles=RUNTIME_ROLES),
        )
    ]
