"""The platform counts tenants, and alone may ask how far the sequences of a schema are: for a backup, and after one."""

from django.db import migrations

ASK = """
GRANT USAGE, SELECT ON SEQUENCE tenancy_tenant_id_seq TO bursar_app;

CREATE FUNCTION tenancy_sequences(schema_name text) RETURNS TABLE (name text, last bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT relname::text, pg_sequence_last_value(oid) FROM pg_class
    WHERE relkind = 'S' AND relnamespace = to_regnamespace(quote_ident(schema_name)) ORDER BY 1
$$;
REVOKE ALL ON FUNCTION tenancy_sequences(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_sequences(text) TO bursar_app;
"""
UNDO = "DROP FUNCTION tenancy_sequences(text)"


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0011_a_life_of_legal_moves"), ("bus", "0003_no_right_to_sequences")]
    operations = [migrations.RunSQL(ASK, UNDO)]
