-- Whether somebody set the limit. Limits that nobody set follow the configured defaults.
ALTER TABLE "quota" ADD COLUMN "overridden" BOOLEAN NOT NULL DEFAULT false;
UPDATE "quota" q SET "overridden" = true
WHERE EXISTS (SELECT 1 FROM "audit" a WHERE a."project" = q."project" AND a."kind" = 'Quota' AND a."verb" = 'set');

-- What happened to limits: who changed which, and when use reached 80 or 100 % of one. Its numbers come from the
-- sequence of the change feed, so both can be read as one.
CREATE TABLE "quota_history" (
    "seq" BIGINT NOT NULL DEFAULT nextval('change_seq_seq'::regclass),
    "at" TIMESTAMPTZ(3) NOT NULL,
    "project" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "metric" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "threshold" SMALLINT,
    "limit_before" BIGINT,
    "limit_value" BIGINT,
    "overridden" BOOLEAN NOT NULL,
    "used" BIGINT NOT NULL,
    "actor" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "trace_id" TEXT,

    CONSTRAINT "quota_history_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE INDEX "quota_history_project_seq_idx" ON "quota_history"("project", "seq");

-- CreateIndex
CREATE INDEX "quota_history_at_idx" ON "quota_history"("at");

ALTER TABLE "quota_history" ADD CONSTRAINT "quota_history_type_known" CHECK (
  ("type" = 'LimitChanged' AND "threshold" IS NULL) OR ("type" = 'ThresholdReached' AND "threshold" IN (80, 100))
);

-- The highest threshold that use has reached: 0, 80 or 100 (per cent of the limit). Nothing used reaches nothing.
CREATE FUNCTION "quota_level"(used bigint, limit_value bigint) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE WHEN limit_value IS NULL OR used <= 0 THEN 0
    WHEN used >= limit_value THEN 100
    WHEN used * 100 >= limit_value * 80 THEN 80
    ELSE 0 END)::smallint
$$;
