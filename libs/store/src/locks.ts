/**
 * The keys of Postgres advisory locks. Two uses of one key would wait for each other for no reason, so all of them
 * stand here.
 */

/** Shared by every writer of the change feed until it commits; taken alone for an instant to fix the high-water mark. */
export const FEED_LOCK = 7_301_001;
/** Whoever assigns positions to usage events. */
export const USAGE_POSITION_LOCK = 7_301_002;
/** Whoever makes or drops partitions; the migrations know the number too. */
export const PARTITION_LOCK = 7_301_003;
/** First half of the two-part key of a leadership; the second is a hash of its name. */
export const LEADERSHIP_LOCK = 7_301_004;
/** The lock that Prisma Migrate takes. */
export const MIGRATION_LOCK = 72_707_369;
