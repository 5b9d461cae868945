export type * from './commands.ts';
export * from './records.ts';
export { migrate } from './schema/migrate.ts';
export type { Store, StoreOptions } from './store.ts';
