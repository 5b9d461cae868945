-- What was asked of a resource beside its spec, of a type of each kind: a pause, a restart or the way of a stop of a
-- machine, the end of a disk's import. Null: nothing. Written with the generation that asked for it, so it stands in the
-- row and not in a table of its own.
ALTER TABLE "resource" ADD COLUMN "intent" JSONB;
