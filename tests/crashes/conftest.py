import pytest
from django.db import connections


@pytest.fixture
def scratch(chart, acme, physical_copy):
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"SET search_path = {acme.schema}")
        for table in ("known_keys (key text PRIMARY KEY)", "published_keys (key text)"):
            cursor.execute(f"CREATE TABLE {table}")
        cursor.execute("GRANT ALL ON known_keys, published_keys TO bursar_app")
    connections["owner"].close()
