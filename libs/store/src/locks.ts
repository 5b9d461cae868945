/**
 * The keys of Postgres advisory locks. Two uses of one key would wait for each other for no reason, so all of them
 * stand here.
 */

/** Shared by every writer of the change feed until it commits; taken alone for an instant to fix the high-water mark. */
export const FEED_LOCK = 7_301_001;
/** What every writer of the change feed begins with, before it takes a sequence number. */
export const SHARE_FEED = { name: 'share_feed', text: 'select pg_advisory_xact_lock_shared($1)' };
/** Whoever assigns positions to usage events. */
export const USAGE_POSITION_LOCK = 7_301_002;
// 7_301_003 is taken by the functions that make and drop partitions; only the migrations say it.
/** First half of the two-part key of a leadership; the second is a hash of its name. */
export const LEADERSHIP_LOCK = 7_301_004;
/** Whoever puts what is due into the outbox. */
export const SWEEP_LOCK = 7_301_005;
/** The lock that Prisma Migrate takes. */
export const MIGRATION_LOCK = 72_707_369;
