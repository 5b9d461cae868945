/** The development stack, and the servers that tests share with it. */
export { MissingPart } from './missing-part.ts';
export { freePort } from './ports.ts';
export { type PostgresOptions, type RunningPostgres, startPostgres } from './postgres.ts';
export { type RedisOptions, type RunningRedis, startRedis } from './redis.ts';
