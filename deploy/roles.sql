-- Database roles of Bursar and their rights on the database.
--
-- Run by a superuser, connected to Bursar's database (`psql -d bursar -f deploy/roles.sql`), once
-- before the first migration and again whenever this file changes: running it twice does no harm.
-- It sets no passwords; set them afterwards. Rights on tables are granted by the migrations that
-- make the tables.

-- An error in the middle leaves everything as it was.
BEGIN;

SET LOCAL client_min_messages = warning;

-- Rights of roles are rows that all databases of the server share, and PostgreSQL refuses the second of two concurrent
-- changes of one row. So this waits for the others, among them the onboarding of a tenant, and they for this.
LOCK TABLE pg_authid, pg_auth_members, pg_db_role_setting IN SHARE ROW EXCLUSIVE MODE;

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['bursar_owner', 'bursar_app', 'bursar_relay', 'bursar_tables',
        'bursar_mover', 'bursar_backup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
    END LOOP;
END
$$;

-- bursar_owner runs migrations and owns what they make. It makes one role per tenant, hence
-- CREATEROLE. Row security must hold for it too, hence NOBYPASSRLS. The web and the workers never
-- hold its password.
ALTER ROLE bursar_owner LOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION CREATEROLE;

-- bursar_app is what the web and the workers run as. It owns nothing, so it can neither change
-- a table nor switch off a policy.
ALTER ROLE bursar_app LOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION NOCREATEROLE NOCREATEDB;

-- bursar_relay delivers events for all tenants. It is a role of its own, so that the policies can
-- show it every tenant's outbox without showing that to the web.
ALTER ROLE bursar_relay LOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION NOCREATEROLE NOCREATEDB;

-- bursar_tables holds the rights on the tables of tenant schemas, and on the few of public that all
-- tenants share. It has no login: each tenant's role is a member, and only that role may use the
-- tenant's schema.
ALTER ROLE bursar_tables NOLOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION NOCREATEROLE NOCREATEDB;

-- The application has none of the group's rights. For each tenant's work it takes that tenant's role,
-- which the owner grants to it when it makes the role.
REVOKE bursar_tables FROM bursar_app;

-- The owner hands the group to the roles that it makes for tenants; it needs no rights from it.
GRANT bursar_tables TO bursar_owner WITH ADMIN TRUE, INHERIT FALSE, SET TRUE;

-- bursar_mover is used by one database to follow what is written in another, while a tenant moves there
-- without pausing. It reads what the owner can read. Without a password it cannot log in.
ALTER ROLE bursar_mover LOGIN NOSUPERUSER NOBYPASSRLS REPLICATION NOCREATEROLE NOCREATEDB;
GRANT bursar_owner TO bursar_mover WITH INHERIT TRUE, SET FALSE;
GRANT pg_create_subscription TO bursar_owner;

-- bursar_backup runs restore drills: it restores a backup into a new schema, compares it with the backup file and
-- drops it. It may create schemas and read only its own. Only the backup worker has its password. The owner may
-- drop its schemas.
ALTER ROLE bursar_backup LOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION NOCREATEROLE NOCREATEDB;
GRANT bursar_backup TO bursar_owner WITH INHERIT TRUE, SET FALSE;

-- By default all roles may connect and create temporary tables. Here only these may connect. The name of the
-- database is read, because tests and restored copies have other names.
DO $$
DECLARE
    here text := current_database();
BEGIN
    EXECUTE format('ALTER DATABASE %I OWNER TO bursar_owner', here);
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', here);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO bursar_owner, bursar_app, bursar_relay, bursar_mover', here);
    EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO bursar_backup', here);
END
$$;

-- The default search path is public alone. PostgreSQL's default begins with a schema named like the role, which the
-- backup worker could create, to plant objects for another role.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['bursar_owner', 'bursar_app', 'bursar_relay', 'bursar_mover', 'bursar_backup'] LOOP
        EXECUTE format('ALTER ROLE %I SET search_path = public', role);
    END LOOP;
END
$$;

-- Limits of transactions that a mistake leaves open: the audit log is sealed below the oldest open transaction of the
-- server, so one transaction stops sealing for all tenants. A session may change its limits, so an alert reports records
-- that remain unsealed. Migrations, restores and drills run long.
ALTER ROLE bursar_app SET statement_timeout = '15min';
ALTER ROLE bursar_app SET idle_in_transaction_session_timeout = '5min';
ALTER ROLE bursar_app SET lock_timeout = '1min';
ALTER ROLE bursar_relay SET statement_timeout = '1min';
ALTER ROLE bursar_relay SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE bursar_relay SET lock_timeout = '30s';
ALTER ROLE bursar_owner SET idle_in_transaction_session_timeout = '1h';
ALTER ROLE bursar_backup SET idle_in_transaction_session_timeout = '1h';

-- The tables that all tenants share live in public. Only the owner creates objects there; the
-- migration of each table grants rights on it.
ALTER SCHEMA public OWNER TO bursar_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO bursar_app, bursar_relay, bursar_tables, bursar_backup;

-- Planner statistics contain values of rows: addresses, names, password hashes. PostgreSQL shows them to any role
-- with SELECT on the table, without a right on its schema, and all tenant roles are members of one group with
-- SELECT on the tables of all tenants.
REVOKE SELECT ON pg_catalog.pg_stats, pg_catalog.pg_stats_ext, pg_catalog.pg_stats_ext_exprs,
    pg_catalog.pg_sequences FROM PUBLIC;
GRANT SELECT ON pg_catalog.pg_stats, pg_catalog.pg_stats_ext, pg_catalog.pg_stats_ext_exprs,
    pg_catalog.pg_sequences TO bursar_owner;

-- Large objects belong to no schema, and any role may create them.
REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
    pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;

-- Exclusion constraints ("no two periods overlap for one company") compare ids and ranges at once.
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

-- The indexes of searches (apps/kernel/search) have the groups of three characters in texts.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

COMMIT;
