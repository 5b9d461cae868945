-- What machines used: samples as they were taken, and their averages and maxima by minute, hour and day. Each level is a
-- table of its own, partitioned by time, so that retention is dropping a partition. A figure that nobody measured is null.

CREATE TABLE "performance_sample" (
  "uid" uuid NOT NULL,
  "at" timestamptz(3) NOT NULL,
  "cpu_cores" double precision,
  "memory_bytes" double precision,
  "network_receive_bps" double precision,
  "network_transmit_bps" double precision,
  "disk_read_bps" double precision,
  "disk_write_bps" double precision,
  CONSTRAINT "performance_sample_pkey" PRIMARY KEY ("uid", "at")
) PARTITION BY RANGE ("at");

CREATE TABLE "performance_minute" (
  "uid" uuid NOT NULL,
  "at" timestamptz(3) NOT NULL,
  "samples" integer NOT NULL,
  "cpu_cores" double precision,
  "memory_bytes" double precision,
  "network_receive_bps" double precision,
  "network_transmit_bps" double precision,
  "disk_read_bps" double precision,
  "disk_write_bps" double precision,
  "cpu_cores_max" double precision,
  "memory_bytes_max" double precision,
  "network_receive_bps_max" double precision,
  "network_transmit_bps_max" double precision,
  "disk_read_bps_max" double precision,
  "disk_write_bps_max" double precision,
  CONSTRAINT "performance_minute_pkey" PRIMARY KEY ("uid", "at")
) PARTITION BY RANGE ("at");

CREATE TABLE "performance_hour" (LIKE "performance_minute") PARTITION BY RANGE ("at");
ALTER TABLE "performance_hour" ADD CONSTRAINT "performance_hour_pkey" PRIMARY KEY ("uid", "at");
CREATE TABLE "performance_day" (LIKE "performance_minute") PARTITION BY RANGE ("at");
ALTER TABLE "performance_day" ADD CONSTRAINT "performance_day_pkey" PRIMARY KEY ("uid", "at");

-- The rollup asks how far a level has come, and reads from there.
CREATE INDEX "performance_sample_at_idx" ON "performance_sample" ("at");
CREATE INDEX "performance_minute_at_idx" ON "performance_minute" ("at");
CREATE INDEX "performance_hour_at_idx" ON "performance_hour" ("at");
CREATE INDEX "performance_day_at_idx" ON "performance_day" ("at");

CREATE TABLE "partitions"."performance_sample_default" PARTITION OF "performance_sample" DEFAULT;
CREATE TABLE "partitions"."performance_minute_default" PARTITION OF "performance_minute" DEFAULT;
CREATE TABLE "partitions"."performance_hour_default" PARTITION OF "performance_hour" DEFAULT;
CREATE TABLE "partitions"."performance_day_default" PARTITION OF "performance_day" DEFAULT;

-- Samples and minutes by day, hours and days by month.
CREATE FUNCTION "ensure_performance_partitions"(days_ahead integer DEFAULT 3, months_ahead integer DEFAULT 2) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  made integer := 0;
  level text;
  start timestamp;
BEGIN
  PERFORM pg_advisory_xact_lock(7301003);
  FOREACH level IN ARRAY ARRAY['performance_sample', 'performance_minute'] LOOP
    FOR i IN 0..days_ahead LOOP
      start := date_trunc('day', now() AT TIME ZONE 'UTC') + make_interval(days => i);
      IF ensure_partition(level, level || to_char(start, '_YYYY_MM_DD'), start AT TIME ZONE 'UTC', (start + interval '1 day') AT TIME ZONE 'UTC')
        THEN made := made + 1; END IF;
    END LOOP;
  END LOOP;
  FOREACH level IN ARRAY ARRAY['performance_hour', 'performance_day'] LOOP
    FOR i IN 0..months_ahead LOOP
      start := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i);
      IF ensure_partition(level, level || to_char(start, '_YYYY_MM'), start AT TIME ZONE 'UTC', (start + interval '1 month') AT TIME ZONE 'UTC')
        THEN made := made + 1; END IF;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;

-- Drops the partitions of one level that end at or before the given time.
CREATE FUNCTION "drop_performance_partitions"(level text, before timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  candidate record;
  dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(7301003);
  FOR candidate IN
    SELECT child.relname AS partition
    FROM pg_inherits
    JOIN pg_class parent ON parent.oid = inhparent
    JOIN pg_class child ON child.oid = inhrelid
    JOIN pg_namespace space ON space.oid = child.relnamespace AND space.nspname = 'partitions'
    WHERE parent.relname = level AND parent.relkind = 'p'
      AND (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz <= before
  LOOP
    EXECUTE format('DROP TABLE partitions.%I', candidate.partition);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

SELECT ensure_performance_partitions();
