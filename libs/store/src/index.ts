export type * from './commands.ts';
export * from './records.ts';
export { migrate, openStore, Store, type StoreOptions } from './store.ts';
