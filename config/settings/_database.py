"""Database roles, replicas and shards, from the environment."""

from config.databases import NOWHERE, Addresses, Pooling, all_connections, named, shards
from config.embedded import pg_bin
from config.env import env

DATABASES = all_connections(
    Addresses(
        runtime=env().database_url or NOWHERE,
        owner=env().database_owner_url,
        relay=env().database_relay_url,
        backup_worker=env().database_backup_url,
        write=env().db_write_host or env().db_host or "",
        read=env().db_read_host or "",
    ),
    shards(
        runtime=env().database_shards,
        owner=env().database_owner_shards,
        relay=env().database_relay_shards,
        backup_worker=env().database_backup_shards,
        read=env().database_read_shards,
    ),
    Pooling(pool=env().database_pool_size, pooled=env().database_pooler == "transaction"),
)
DATABASE_MOVERS = named(env().database_movers)
DATABASE_ROUTERS = ["apps.tenancy.router.SchemaRouter"]
TENANT_SYNC_ROUTER = "apps.tenancy.router.SchemaRouter"
TENANT_DATABASE_STRATEGY = env().tenant_database_strategy
TENANT_DATABASE_RANGES = env().tenant_database_ranges
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PG_DUMP = str(pg_bin() / "pg_dump") if env().database_owner_url else ""
"""Set only with the owner's address: the blueprint of new tenants is a dump of the template."""
