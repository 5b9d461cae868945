-- Since which change the part that a user may set is as it is: an edit that names an older resource version is out of
-- date, one that names a younger one only missed reports of workers. Null: unknown, of rows that were written before.
-- Who owns which field of a resource is a record that Kubernetes' tools keep; its content is theirs.
ALTER TABLE "resource" ADD COLUMN "managed_fields" JSONB, ADD COLUMN "spec_resource_version" BIGINT;
