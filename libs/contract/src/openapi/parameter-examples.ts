/**
 * A value to show for each parameter: what stands in the address always, of the query what is worth showing. A test
 * sends them, so they must fit together: the project of the bodies' examples, the resources that these make.
 */
import { DATA_DISK, PRODUCTION_VM } from './examples.ts';

/** By tag where it matters. */
type Examples = Readonly<Record<string, unknown>>;

const PROJECT = 'team-blue';
const PATHS: Readonly<Record<string, Examples>> = {
  project: { '*': PROJECT },
  name: { 'vm-instances': PRODUCTION_VM.metadata.name, 'vm-disks': DATA_DISK.metadata.name, usage: 'billing' },
  id: { webhooks: 'wh_34df77aa03e5e92d', access: '34df77aa03e5e92d', '*': '019ac0de-0000-7000-8000-000000000000' },
  code: { '*': 'QuotaExceeded' },
};

const QUERIES: Readonly<Record<string, Examples>> = {
  consumer: { '*': 'billing' },
  dryRun: { '*': 'false' },
  filter: { 'vm-instances': 'phase=Running', 'vm-disks': 'phase=Ready' },
  from: { '*': '2026-11-01T00:00:00Z' },
  groupBy: { '*': 'resource,day' },
  kind: { '*': 'VMInstance' },
  kinds: { '*': 'VMInstance,VMDisk' },
  labelSelector: { '*': 'app=web' },
  limit: { '*': 50 },
  meter: { '*': 'vm.running' },
  orderBy: { '*': 'createdAt desc', history: 'at desc' },
  pageSize: { '*': 50 },
  partial: { '*': 'false' },
  project: { '*': PROJECT },
  step: { '*': '6h' },
  to: { '*': '2026-12-01T00:00:00Z' },
  type: { history: 'Phase' },
  wait: { '*': '5s' },
  withDisks: { '*': 'false' },
};

/** Throws for a parameter of an address without an example: a document that cannot be tried out is not served. */
export function pathExample(name: string, tag: string): unknown {
  const example = PATHS[name]?.[tag] ?? PATHS[name]?.['*'];
  if (example === undefined) throw new Error(`The parameter ${name} of ${tag} has no example.`);
  return example;
}

/** Undefined where there is nothing to show, such as for the token of a page, or where the answer would lack what its schema requires. */
export function queryExample(name: string, tag: string): unknown {
  return QUERIES[name]?.[tag] ?? QUERIES[name]?.['*'];
}
