export type * from './commands.ts';
export * from './records.ts';
export { migrate } from './schema/migrate.ts';
export { openStore, Store, type StoreOptions } from './store.ts';
