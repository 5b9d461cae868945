-- The ledger of usage can be proven: published events are chained by hash within their project, and each closed period
-- is sealed by a signed checkpoint. Rows published before stay valid and are chained by the next publication.
ALTER TABLE "usage_event" ADD COLUMN "chain_position" BIGINT, ADD COLUMN "chain_hash" BYTEA;
CREATE UNIQUE INDEX "usage_event_project_chain_position_key" ON "usage_event" ("project", "chain_position");
CREATE INDEX "usage_event_unchained" ON "usage_event" ("recorded_at") WHERE "chain_position" IS NULL;
ALTER TABLE "usage_event" ADD CONSTRAINT "usage_event_chained" CHECK (("chain_position" IS NULL) = ("chain_hash" IS NULL));

CREATE TABLE "usage_chain" (
  "project" TEXT NOT NULL,
  "position" BIGINT NOT NULL,
  "hash" BYTEA NOT NULL,
  CONSTRAINT "usage_chain_pkey" PRIMARY KEY ("project")
);

CREATE TABLE "usage_checkpoint" (
  "project" TEXT NOT NULL,
  "period_end" TIMESTAMPTZ(3) NOT NULL,
  "position" BIGINT NOT NULL,
  "hash" BYTEA NOT NULL,
  "statement" TEXT NOT NULL,
  "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "usage_checkpoint_pkey" PRIMARY KEY ("project", "period_end")
);

CREATE TABLE "usage_closed" (
  "only" BOOLEAN NOT NULL DEFAULT true,
  "until" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "usage_closed_pkey" PRIMARY KEY ("only"),
  CONSTRAINT "usage_closed_single" CHECK ("only")
);

CREATE TABLE "usage_signing_key" (
  "id" TEXT NOT NULL,
  "public_key" BYTEA NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "usage_signing_key_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "usage_consumer" (
  "owner" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "position" BIGINT NOT NULL DEFAULT 0,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "acked_at" TIMESTAMPTZ(3),
  CONSTRAINT "usage_consumer_pkey" PRIMARY KEY ("owner", "name")
);
