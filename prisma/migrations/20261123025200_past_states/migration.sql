-- What a resource was before each change of it, written by the statement that changes it. A state lies in the month in
-- which it ended: so the partitions that are kept answer every question about the time since the oldest of them began,
-- however long ago a state had begun. Partitions and functions stand apart from those of history: each has its retention.
CREATE TABLE "past_state" (
    "project" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "version" BIGINT NOT NULL,
    "uid" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "object" JSONB NOT NULL,

    CONSTRAINT "past_state_pkey" PRIMARY KEY ("project","kind","name","at","version")
) PARTITION BY RANGE ("at");

CREATE TABLE "partitions"."past_state_default" PARTITION OF "past_state" DEFAULT;

CREATE TRIGGER "past_state_append_only" BEFORE UPDATE OR DELETE ON "past_state"
  FOR EACH ROW EXECUTE FUNCTION "history_is_append_only"();

-- Since when every state is known.
CREATE TABLE "past_floor" (
    "only" BOOLEAN NOT NULL DEFAULT true,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "past_floor_pkey" PRIMARY KEY ("only")
);
ALTER TABLE "past_floor" ADD CONSTRAINT "past_floor_single" CHECK ("only");
INSERT INTO "past_floor" ("at") VALUES (now());

-- Makes the partitions of past states by month ahead; harmless to repeat.
CREATE FUNCTION "ensure_past_partitions"(months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  made integer := 0;
  first_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
  start timestamp;
BEGIN
  PERFORM pg_advisory_xact_lock(7301003);
  FOR i IN 0..months_ahead LOOP
    start := first_month + make_interval(months => i);
    IF ensure_partition('past_state', 'past_state_' || to_char(start, 'YYYY_MM'), start AT TIME ZONE 'UTC', (start + interval '1 month') AT TIME ZONE 'UTC')
      THEN made := made + 1; END IF;
  END LOOP;
  RETURN made;
END $$;

-- Drops the partitions that end at or before the given time, and remembers since when every state is known.
CREATE FUNCTION "drop_past_partitions"(before timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  candidate record;
  dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(7301003);
  FOR candidate IN
    SELECT partition, upper_bound FROM (
      SELECT child.relname AS partition,
        (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz AS upper_bound
      FROM pg_inherits
      JOIN pg_class child ON child.oid = inhrelid
      JOIN pg_namespace space ON space.oid = child.relnamespace AND space.nspname = 'partitions'
      WHERE inhparent = 'public.past_state'::regclass
    ) AS bounded WHERE upper_bound <= before
  LOOP
    UPDATE past_floor SET at = greatest(at, candidate.upper_bound);
    EXECUTE format('DROP TABLE partitions.%I', candidate.partition);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

SELECT ensure_past_partitions();

-- What was deleted in a range of time, for reports about resources that are gone.
CREATE INDEX "transition_deleted" ON "transition" ("project", "at") WHERE "type" = 'Phase' AND "to_value" = 'Deleted';
