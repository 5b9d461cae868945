-- The tables of schema.prisma; partitioning, collation and fill factors are explained in CONSTRAINTS.md.

-- CreateTable
CREATE TABLE "cluster" (
    "id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cluster_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "project" (
    "name" TEXT NOT NULL,
    "uid" UUID NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "sealed_data_key" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "project_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "project" TEXT,
    "name" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "scopes" TEXT[],
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "resource" (
    "uid" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "project" TEXT NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "annotations" JSONB NOT NULL DEFAULT '{}',
    "spec" JSONB NOT NULL,
    "claim" JSONB NOT NULL,
    "status" JSONB NOT NULL,
    "phase" TEXT NOT NULL,
    "phase_since" TIMESTAMPTZ(3) NOT NULL,
    "phase_seq" INTEGER NOT NULL,
    "transition_seq" INTEGER NOT NULL,
    "transition_at" TIMESTAMPTZ(3) NOT NULL,
    "generation" INTEGER NOT NULL,
    "spec_version" INTEGER NOT NULL,
    "status_version" INTEGER NOT NULL,
    "resource_version" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deletion_requested_at" TIMESTAMPTZ(3),
    "deletion_with_disks" BOOLEAN NOT NULL DEFAULT false,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_look_at" TIMESTAMPTZ(3),

    CONSTRAINT "resource_pkey" PRIMARY KEY ("uid")
) WITH (fillfactor = 70);

-- CreateTable
CREATE TABLE "disk_attachment" (
    "project" TEXT NOT NULL,
    "disk_name" TEXT NOT NULL,
    "vm_uid" UUID NOT NULL,
    "exclusive" BOOLEAN NOT NULL,

    CONSTRAINT "disk_attachment_pkey" PRIMARY KEY ("vm_uid","disk_name")
);

-- CreateTable
CREATE TABLE "transition" (
    "uid" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "project" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "from_value" TEXT,
    "to_value" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "trace_id" TEXT,

    CONSTRAINT "transition_pkey" PRIMARY KEY ("uid","seq","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "change" (
    "seq" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "project" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "uid" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "op" TEXT NOT NULL,
    "object" JSONB NOT NULL,

    CONSTRAINT "change_pkey" PRIMARY KEY ("seq","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "change_floor" (
    "only" BOOLEAN NOT NULL DEFAULT true,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "change_floor_pkey" PRIMARY KEY ("only")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "uid" UUID NOT NULL,
    "trace_parent" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quota" (
    "project" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "metric" TEXT NOT NULL,
    "limit_value" BIGINT,
    "used" BIGINT NOT NULL DEFAULT 0,
    "ceiling" BIGINT,

    CONSTRAINT "quota_pkey" PRIMARY KEY ("project","scope","metric")
) WITH (fillfactor = 50);

-- CreateTable
CREATE TABLE "usage_open" (
    "uid" UUID NOT NULL,
    "meter" TEXT NOT NULL,
    "project" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "dimensions" JSONB NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_open_pkey" PRIMARY KEY ("uid","meter")
) WITH (fillfactor = 80);

-- CreateTable
CREATE TABLE "usage_event" (
    "id" UUID NOT NULL,
    "position" BIGINT,
    "project" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "uid" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "dimensions" JSONB NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "duration_ms" BIGINT NOT NULL,
    "corrects" UUID,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_event_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 80);

-- CreateTable
CREATE TABLE "operation" (
    "id" UUID NOT NULL,
    "project" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "uid" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "verb" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),
    "error" JSONB,
    "request_id" TEXT NOT NULL,

    CONSTRAINT "operation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency" (
    "project" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "verb" TEXT NOT NULL,
    "uid" UUID NOT NULL,
    "operation_id" UUID,
    "resource_version" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_pkey" PRIMARY KEY ("project","key")
);

-- CreateTable
CREATE TABLE "audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "project" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "verb" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "uid" UUID NOT NULL,
    "request_id" TEXT NOT NULL,
    "trace_id" TEXT,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "project_uid_key" ON "project"("uid");

-- CreateIndex
CREATE UNIQUE INDEX "project_namespace_key" ON "project"("namespace");

-- CreateIndex
CREATE INDEX "api_key_project_idx" ON "api_key"("project");

-- CreateIndex
CREATE UNIQUE INDEX "resource_project_kind_name_key" ON "resource"("project", "kind", "name");

-- CreateIndex
CREATE INDEX "disk_attachment_project_disk_name_idx" ON "disk_attachment"("project", "disk_name");

-- CreateIndex
CREATE INDEX "transition_project_at_uid_seq_idx" ON "transition"("project", "at", "uid", "seq");

-- CreateIndex
CREATE INDEX "usage_open_opened_at_idx" ON "usage_open"("opened_at");

-- CreateIndex
CREATE INDEX "usage_open_project_idx" ON "usage_open"("project");

-- CreateIndex
CREATE UNIQUE INDEX "usage_event_position_key" ON "usage_event"("position");

-- CreateIndex
CREATE INDEX "usage_event_project_from_at_idx" ON "usage_event"("project", "from_at");

-- CreateIndex
CREATE INDEX "usage_event_uid_meter_from_at_idx" ON "usage_event"("uid", "meter", "from_at");

-- CreateIndex
CREATE INDEX "operation_project_created_at_id_idx" ON "operation"("project", "created_at", "id");

-- CreateIndex
CREATE INDEX "idempotency_created_at_idx" ON "idempotency"("created_at");

-- CreateIndex
CREATE INDEX "audit_project_at_idx" ON "audit"("project", "at");

-- AddForeignKey
ALTER TABLE "project" ADD CONSTRAINT "project_cluster_id_fkey" FOREIGN KEY ("cluster_id") REFERENCES "cluster"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_project_fkey" FOREIGN KEY ("project") REFERENCES "project"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "resource" ADD CONSTRAINT "resource_project_fkey" FOREIGN KEY ("project") REFERENCES "project"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "quota" ADD CONSTRAINT "quota_project_fkey" FOREIGN KEY ("project") REFERENCES "project"("name") ON DELETE CASCADE ON UPDATE CASCADE;


