-- A database knows which one it is, so that one that was restored from a backup is recognised by what the cluster has seen
-- of it since; and what a restore took away from the feeds and from the ledger of usage is kept for good.
SET lock_timeout = '2s';

CREATE TABLE "database_lineage" (
    "only" BOOLEAN NOT NULL DEFAULT true,
    "id" UUID,
    "epoch" INTEGER NOT NULL DEFAULT 1,
    "held" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "database_lineage_pkey" PRIMARY KEY ("only"),
    CONSTRAINT "database_lineage_single" CHECK ("only")
);
INSERT INTO "database_lineage" DEFAULT VALUES;

CREATE TABLE "database_restore" (
    "epoch" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "change_seq" BIGINT NOT NULL,
    "change_resumes" BIGINT NOT NULL,
    "usage_position" BIGINT NOT NULL,
    "usage_resumes" BIGINT NOT NULL,

    CONSTRAINT "database_restore_pkey" PRIMARY KEY ("epoch"),
    CONSTRAINT "database_restore_forward" CHECK ("change_resumes" > "change_seq" AND "usage_resumes" > "usage_position")
);

CREATE TABLE "usage_break" (
    "project" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "position" BIGINT NOT NULL,
    "resumes" BIGINT NOT NULL,
    "statement" TEXT NOT NULL,

    CONSTRAINT "usage_break_pkey" PRIMARY KEY ("project","epoch")
);
