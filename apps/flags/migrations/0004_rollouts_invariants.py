"""Invariants of rollouts, enforced by the database: a percentage rises only within the plan that is served; an extension
is counted, and approved in production.

The codes are those in errors.py. Functions address tables through TG_TABLE_SCHEMA, as a schema may be renamed.
"""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES, append_only, approved_only
from apps.kernel.db.text_columns import OPTIONAL, REQUIRED, REQUIRED_LINES, text_columns

# 1. A rollout follows the plan of its revision, one stage after the other, while that plan is the one served at the
# instant of the change. Rolling back is always allowed.
ROLLOUT = f"""
CREATE FUNCTION flags_rollout_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    plan jsonb;
    served jsonb;
    lasts_s double precision;
BEGIN
    IF TG_OP = 'INSERT' AND (NEW.state <> 'initiated' OR NEW.stage <> 0)
       OR TG_OP = 'DELETE'
       OR TG_OP = 'UPDATE' AND (
           (NEW.id, NEW.key, NEW.revision_id, NEW.started_at) IS DISTINCT FROM
           (OLD.id, OLD.key, OLD.revision_id, OLD.started_at)
           OR NEW.changed_at < OLD.changed_at
           OR (OLD.state, NEW.state) NOT IN (
               ('initiated', 'progressing'), ('initiated', 'paused'), ('initiated', 'rolled_back'),
               ('progressing', 'progressing'), ('progressing', 'paused'), ('progressing', 'completed'),
               ('progressing', 'rolled_back'), ('paused', 'initiated'), ('paused', 'progressing'),
               ('paused', 'rolled_back'), ('completed', 'rolled_back'))) THEN
        RAISE EXCEPTION 'The rollout cannot be changed like this.' USING ERRCODE = 'BF021',
            DETAIL = format('key=%s; state=%s', coalesce(NEW.key, OLD.key), coalesce(OLD.state, 'new'));
    END IF;
    IF NEW.state = 'rolled_back' THEN
        IF NEW.percentage <> 0 THEN
            RAISE EXCEPTION 'A rollout is rolled back to 0 %%.' USING ERRCODE = 'BF022',
                DETAIL = format('key=%s', NEW.key);
        END IF;
        RETURN NEW;
    END IF;
    EXECUTE format($sql$
        SELECT document -> 'rollout' FROM %1$I.flags_revision AS revision
        JOIN %1$I.flags_changeset AS change ON change.id = change_set_id
        WHERE revision.id = $1 AND kind = 'flag' AND key = $2 AND state = 'published'
          AND greatest(effective_at, published_at) <= $3
        $sql$, TG_TABLE_SCHEMA) INTO plan USING NEW.revision_id, NEW.key, NEW.changed_at;
    EXECUTE format($sql$
        SELECT document -> 'rollout' FROM %1$I.flags_revision AS revision
        JOIN %1$I.flags_changeset AS change ON change.id = change_set_id
        WHERE kind = 'flag' AND key = $1 AND state = 'published' AND greatest(effective_at, published_at) <= $2
        ORDER BY revision.id DESC LIMIT 1
        $sql$, TG_TABLE_SCHEMA) INTO served USING NEW.key, NEW.changed_at;
    IF plan IS NULL OR jsonb_typeof(plan -> 'stages') IS DISTINCT FROM 'array' OR plan IS DISTINCT FROM served
       OR NEW.stage > jsonb_array_length(plan -> 'stages')
       OR NEW.percentage IS DISTINCT FROM (CASE WHEN NEW.stage = 0 THEN 0
           ELSE (plan #>> ARRAY['stages', (NEW.stage - 1)::text, 'percentage'])::double precision END)
       OR NEW.state = 'progressing' AND NEW.stage = 0
       OR NEW.state = 'completed' AND NEW.stage <> jsonb_array_length(plan -> 'stages') THEN
        RAISE EXCEPTION 'The served plan does not allow this stage.' USING ERRCODE = 'BF022',
            DETAIL = format('key=%s', NEW.key);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.stage <> OLD.stage AND (NEW.stage <> OLD.stage + 1 OR NEW.state = 'paused') THEN
        RAISE EXCEPTION 'A rollout takes one stage after the other.' USING ERRCODE = 'BF022',
            DETAIL = format('key=%s', NEW.key);
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.stage <> OLD.stage OR NEW.state = 'completed') THEN
        lasts_s := CASE
            WHEN OLD.stage = 0 AND plan ->> 'canary' IS NULL THEN 0
            ELSE (plan #>> ARRAY['stages', (greatest(OLD.stage, 1) - 1)::text, 'dwell_s'])::double precision END;
        IF OLD.state = 'paused' OR NEW.changed_at < OLD.stage_since + make_interval(secs => lasts_s)
           OR NEW.stage_since < NEW.changed_at AND NEW.state <> 'completed' THEN
            RAISE EXCEPTION 'The present stage still lasts.' USING ERRCODE = 'BF023',
                DETAIL = format('key=%s; until=%s', NEW.key, OLD.stage_since + make_interval(secs => lasts_s));
        END IF;
    ELSIF TG_OP = 'UPDATE' AND NEW.stage_since < OLD.stage_since THEN
        RAISE EXCEPTION 'A stage cannot have begun earlier.' USING ERRCODE = 'BF021',
            DETAIL = format('key=%s; state=%s', NEW.key, OLD.state);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flags_rollout_guard BEFORE INSERT OR UPDATE OR DELETE ON flags_rollout
    FOR EACH ROW EXECUTE FUNCTION flags_rollout_guard();
REVOKE DELETE, TRUNCATE ON flags_rollout FROM {RUNTIME_ROLES};
"""

# 2. Its steps are written by this trigger only: the runtime has no right to add any.
STEPS = f"""
CREATE FUNCTION flags_rollout_steps() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format($sql$
        INSERT INTO %I.flags_rolloutstep
            (rollout_id, key, revision_id, state, stage, percentage, at, by_name, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        $sql$, TG_TABLE_SCHEMA)
        USING NEW.id, NEW.key, NEW.revision_id, NEW.state, NEW.stage, NEW.percentage, NEW.changed_at,
              NEW.changed_by_name, NEW.reason;
    RETURN NULL;
END $$;
CREATE TRIGGER flags_rollout_steps AFTER INSERT OR UPDATE ON flags_rollout
    FOR EACH ROW EXECUTE FUNCTION flags_rollout_steps();
REVOKE EXECUTE ON FUNCTION flags_rollout_steps() FROM PUBLIC;
REVOKE INSERT ON flags_rolloutstep FROM {RUNTIME_ROLES};
"""

UNDO = f"""
DROP FUNCTION flags_rollout_steps() CASCADE;
DROP FUNCTION flags_rollout_guard() CASCADE;
GRANT INSERT ON flags_rolloutstep TO {RUNTIME_ROLES};
GRANT DELETE ON flags_rollout TO {RUNTIME_ROLES};
"""

EXTENSION = """
CREATE FUNCTION flags_flag_extension() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.expires_on > OLD.expires_on AND NEW.extensions <> OLD.extensions + 1
       OR NEW.extensions < OLD.extensions THEN
        RAISE EXCEPTION 'An extension is counted.' USING ERRCODE = 'BF024', DETAIL = format('key=%s', OLD.key);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flags_flag_extension BEFORE UPDATE OF expires_on, extensions ON flags_flag
    FOR EACH ROW EXECUTE FUNCTION flags_flag_extension();
"""


class Migration(migrations.Migration):
    dependencies = [("flags", "0004_rollouts"), ("approvals", "0002_invariants")]
    operations = [
        migrations.RunSQL(ROLLOUT + STEPS, UNDO),
        append_only("flags_rolloutstep"),
        migrations.RunSQL(EXTENSION, "DROP FUNCTION flags_flag_extension() CASCADE"),
        approved_only(
            "flags_flag",
            "flags.extension",
            on="UPDATE OF expires_on",
            when="NEW.expires_on > OLD.expires_on",
            required="production",
        ),
        text_columns("flags_rollout", reason=REQUIRED_LINES, changed_by_name=REQUIRED),
        text_columns("flags_outcome", name=REQUIRED),
        text_columns("flags_exposure", unit=REQUIRED, variant=OPTIONAL),
    ]
