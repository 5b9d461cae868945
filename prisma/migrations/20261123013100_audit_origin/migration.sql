-- The audit log tells where a request came from, and holds what concerns no resource: projects, quotas, API keys. Older
-- builds go on writing rows without the new columns.
ALTER TABLE "audit" ALTER COLUMN "uid" DROP NOT NULL;
ALTER TABLE "audit" ADD COLUMN "face" TEXT, ADD COLUMN "address" TEXT;

-- Pages of one project, newest first; the index by project and time alone would make them sort.
CREATE INDEX "audit_project_at_id_idx" ON "audit" ("project", "at", "id");
DROP INDEX "audit_project_at_idx";
