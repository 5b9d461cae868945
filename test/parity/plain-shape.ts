/** Brings what a face shows into one shape: without what differs from run to run, and where faces write alike in two ways, one. */
import type { Json } from './requests.ts';

/** Ids, times and positions: each case makes its own. */
const RUN_DEPENDENT = new Set([
  ...[
    'uid',
    'resourceVersion',
    'creationTimestamp',
    'lastTransitionTime',
    'since',
    'startedAt',
    'managedFields',
    'updateTimestamp',
  ],
  ...['deletionGracePeriodSeconds', 'namespace', 'apiVersion'],
]);

/** What a rehearsal would do to a counter, in the words of the face that has nothing but words. */
export function effectText({ scope, metric, before, after, limit = 'unlimited' }: Json): string {
  return `${scope} ${metric}: ${before} -> ${after} of ${limit}`;
}

/** A resource as the manifest writes it; `deletionTimestamp` becomes true. */
export function plainObject(view: Json): Json {
  const { labels = {}, annotations = {}, finalizers: _shownByOneFace, ...metadata } = view.metadata;
  return plain({
    ...view,
    metadata: { ...metadata, labels, annotations },
    spec: plainSpec(view.spec),
  });
}

/** A disk without a bus is its name; quantities are texts. */
function plainSpec(spec: Json): Json {
  const disks = spec.disks?.map((entry: Json) => (entry.name !== undefined && !entry.bus ? entry.name : entry));
  const resources = spec.resources && mapValues(spec.resources, (quantity) => `${quantity as string}`);
  return { ...spec, ...(disks ? { disks } : {}), ...(resources ? { resources } : {}) };
}

function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key, entry]) => !RUN_DEPENDENT.has(key) && entry !== undefined);
  return Object.fromEntries(kept.map(([key, entry]) => [key, key === 'deletionTimestamp' ? true : plain(entry)]));
}

export function mapValues(object: object, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

/** `Warning: 299 - "pointer: sentence"`, once or many times in one header. */
export function warningsIn(header: string | undefined): { at: string; message: string }[] {
  const texts = [...(header ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(.)/g, '$1'),
  );
  return texts.map(remarkOf);
}

/** A pointer or path holds no blank before its colon. */
export function remarkOf(text: string): { at: string; message: string } {
  const colon = text.indexOf(': ');
  return { at: text.slice(0, colon), message: text.slice(colon + 2) };
}
