-- What Prisma cannot say. Each item has its line in CONSTRAINTS.md.

-- Checks -------------------------------------------------------------------------------------------------------------

ALTER TABLE "quota"
  ADD CONSTRAINT "quota_used_not_negative" CHECK ("used" >= 0),
  ADD CONSTRAINT "quota_not_exceeded" CHECK ("ceiling" IS NULL OR "used" <= "ceiling"),
  ADD CONSTRAINT "quota_ceiling_follows_limit" CHECK (("limit_value" IS NULL) = ("ceiling" IS NULL) AND ("ceiling" IS NULL OR "ceiling" >= "limit_value"));

ALTER TABLE "change" ADD CONSTRAINT "change_op_known" CHECK ("op" IN ('ADDED', 'MODIFIED', 'DELETED'));
ALTER TABLE "change_floor" ADD CONSTRAINT "change_floor_single" CHECK ("only");

ALTER TABLE "usage_event"
  ADD CONSTRAINT "usage_event_span" CHECK (
    "duration_ms" = (CASE WHEN "corrects" IS NULL THEN 1 ELSE -1 END) * (extract(epoch FROM ("to_at" - "from_at")) * 1000)::bigint
    AND "to_at" > "from_at"
  );

ALTER TABLE "resource"
  ADD CONSTRAINT "resource_versions_positive" CHECK ("generation" > 0 AND "spec_version" > 0 AND "status_version" > 0),
  ADD CONSTRAINT "resource_deletion_is_a_phase" CHECK (("phase" = 'Deleting') = ("deletion_requested_at" IS NOT NULL));

-- Partial indexes ----------------------------------------------------------------------------------------------------

CREATE UNIQUE INDEX "disk_attachment_exclusive" ON "disk_attachment" ("project", "disk_name") WHERE "exclusive";
CREATE INDEX "resource_due" ON "resource" ("next_look_at") WHERE "next_look_at" IS NOT NULL;
CREATE INDEX "operation_open" ON "operation" ("uid") WHERE "done_at" IS NULL;
CREATE INDEX "usage_event_unpublished" ON "usage_event" ("recorded_at") WHERE "position" IS NULL;
CREATE UNIQUE INDEX "usage_event_interval" ON "usage_event" ("uid", "meter", "from_at") WHERE "corrects" IS NULL;

-- Partitions ---------------------------------------------------------------------------------------------------------
-- They live in a schema of their own, so that Prisma does not take them for tables that the schema forgot. The
-- default partitions are a net: rows land there only when nobody made partitions in time, and are moved later.

CREATE SCHEMA "partitions";
CREATE TABLE "partitions"."transition_default" PARTITION OF "transition" DEFAULT;
CREATE TABLE "partitions"."change_default" PARTITION OF "change" DEFAULT;

CREATE FUNCTION "ensure_partition"(parent text, partition text, lower_bound timestamptz, upper_bound timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass(format('partitions.%I', partition)) IS NOT NULL THEN RETURN false; END IF;
  PERFORM set_config('compute.maintenance', 'on', true);
  EXECUTE format('CREATE TABLE partitions.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, parent);
  EXECUTE format('WITH moved AS (DELETE FROM partitions.%I WHERE at >= %L AND at < %L RETURNING *) INSERT INTO partitions.%I SELECT * FROM moved',
    parent || '_default', lower_bound, upper_bound, partition);
  EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION partitions.%I FOR VALUES FROM (%L) TO (%L)', parent, partition, lower_bound, upper_bound);
  PERFORM set_config('compute.maintenance', 'off', true);
  RETURN true;
END $$;

-- Makes the partitions of history (by month) and of the change feed (by day) ahead; harmless to repeat.
CREATE FUNCTION "ensure_partitions"(months_ahead integer DEFAULT 3, days_ahead integer DEFAULT 5) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  made integer := 0;
  first_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
  first_day timestamp := date_trunc('day', now() AT TIME ZONE 'UTC');
  start timestamp;
BEGIN
  PERFORM pg_advisory_xact_lock(7301003);
  FOR i IN 0..months_ahead LOOP
    start := first_month + make_interval(months => i);
    IF ensure_partition('transition', 'transition_' || to_char(start, 'YYYY_MM'), start AT TIME ZONE 'UTC', (start + interval '1 month') AT TIME ZONE 'UTC')
      THEN made := made + 1; END IF;
  END LOOP;
  FOR i IN 0..days_ahead LOOP
    start := first_day + make_interval(days => i);
    IF ensure_partition('change', 'change_' || to_char(start, 'YYYY_MM_DD'), start AT TIME ZONE 'UTC', (start + interval '1 day') AT TIME ZONE 'UTC')
      THEN made := made + 1; END IF;
  END LOOP;
  RETURN made;
END $$;

-- Drops whole partitions that end at or before the given times, and remembers how far the change feed was cut.
CREATE FUNCTION "drop_partitions"(changes_before timestamptz, history_before timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  candidate record;
  last_seq bigint;
  dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(7301003);
  FOR candidate IN
    SELECT parent.relname AS parent, child.relname AS partition
    FROM pg_inherits
    JOIN pg_class parent ON parent.oid = inhparent
    JOIN pg_class child ON child.oid = inhrelid
    JOIN pg_namespace space ON space.oid = child.relnamespace AND space.nspname = 'partitions'
    WHERE parent.relname IN ('transition', 'change') AND parent.relkind = 'p'
      AND (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz
        <= CASE parent.relname WHEN 'change' THEN changes_before ELSE history_before END
  LOOP
    IF candidate.parent = 'change' THEN
      EXECUTE format('SELECT max(seq) FROM partitions.%I', candidate.partition) INTO last_seq;
      INSERT INTO change_floor (seq) SELECT last_seq WHERE last_seq IS NOT NULL
        ON CONFLICT ("only") DO UPDATE SET seq = greatest(change_floor.seq, excluded.seq);
    END IF;
    EXECUTE format('DROP TABLE partitions.%I', candidate.partition);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

SELECT ensure_partitions();

-- A phase without its history row is refused at commit ----------------------------------------------------------------

CREATE FUNCTION "phase_must_be_recorded"() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM transition
    WHERE uid = NEW.uid AND seq = NEW.phase_seq AND at = NEW.phase_since AND type = 'Phase' AND to_value = NEW.phase;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'resource % has phase % without its history row', NEW.uid, NEW.phase
      USING ERRCODE = 'check_violation', CONSTRAINT = 'phase_is_recorded', TABLE = 'resource';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER "phase_is_recorded_on_insert" AFTER INSERT ON "resource"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "phase_must_be_recorded"();

CREATE CONSTRAINT TRIGGER "phase_is_recorded_on_update" AFTER UPDATE ON "resource"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN ((OLD."phase", OLD."phase_seq", OLD."phase_since") IS DISTINCT FROM (NEW."phase", NEW."phase_seq", NEW."phase_since"))
  EXECUTE FUNCTION "phase_must_be_recorded"();

-- History is append-only ----------------------------------------------------------------------------------------------

CREATE FUNCTION "history_is_append_only"() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('compute.maintenance', true) = 'on' THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'history is append-only' USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only';
END $$;

CREATE TRIGGER "transition_append_only" BEFORE UPDATE OR DELETE ON "transition"
  FOR EACH ROW EXECUTE FUNCTION "history_is_append_only"();

-- Seed ----------------------------------------------------------------------------------------------------------------

INSERT INTO "cluster" ("id") VALUES ('default');
