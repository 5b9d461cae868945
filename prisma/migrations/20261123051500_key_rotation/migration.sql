-- Keys can be replaced while everything runs: each sealed row says which wrapping key sealed it, and a project keeps the
-- data keys that it had before. Older builds go on: they write no name of a key, and read what they know.
SET lock_timeout = '2s';

ALTER TABLE "project" ADD COLUMN "wrapped_by" TEXT;
ALTER TABLE "webhook" ADD COLUMN "wrapped_by" TEXT;

CREATE TABLE "retired_data_key" (
    "project" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "sealed_key" BYTEA NOT NULL,
    "wrapped_by" TEXT,
    "retired_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "retired_data_key_pkey" PRIMARY KEY ("project","id")
);

-- AddForeignKey
ALTER TABLE "retired_data_key" ADD CONSTRAINT "retired_data_key_project_fkey" FOREIGN KEY ("project") REFERENCES "project"("name") ON DELETE CASCADE ON UPDATE CASCADE;
