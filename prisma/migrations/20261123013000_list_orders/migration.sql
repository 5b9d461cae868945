-- An index for each order that a list can have, and for the filter that is asked most: whatever the size of a project,
-- a page is read from its place in the index.
CREATE INDEX "resource_project_kind_created_at_name_idx" ON "resource" ("project", "kind", "created_at", "name");
CREATE INDEX "resource_project_kind_updated_at_name_idx" ON "resource" ("project", "kind", "updated_at", "name");
CREATE INDEX "resource_project_kind_phase_name_idx" ON "resource" ("project", "kind", "phase", "name");
