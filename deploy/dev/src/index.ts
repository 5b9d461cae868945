/** The development stack, and the servers that tests share with it. */
export { endChild, leash } from './process/leash.ts';
export { MissingPart } from './process/missing-part.ts';
export { freePort } from './process/ports.ts';
export { type PostgresOptions, type RunningPostgres, startPostgres } from './servers/postgres.ts';
export { type RedisOptions, type RunningRedis, startRedis } from './servers/redis.ts';
export { type RunningSentinel, startSentinel } from './servers/sentinel.ts';
export { readStackFile, type StackFile } from './stack/stack-file.ts';
export { type StackProcess, type StackProcessSettings, startProcess } from './stack/stack-process.ts';
