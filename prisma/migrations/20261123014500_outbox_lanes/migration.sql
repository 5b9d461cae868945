-- The relay takes turns among lanes, so that one tenant's flood does not stand before another's wish. A lane is a project,
-- or a project's looks that nobody asked for. Builds that do not know lanes write the empty one and take from all.
ALTER TABLE "outbox" ADD COLUMN "lane" TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX "outbox_lane_id_idx" ON "outbox"("lane", "id");
