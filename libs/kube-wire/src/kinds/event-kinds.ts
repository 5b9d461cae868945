/** Events: stored once as core/v1, also served as events.k8s.io/v1. They live for one hour. */

import { ageOf } from '../http/human-duration.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, readPath, stringOf } from '../protocol/kube-object.ts';
import { kubernetesSchema } from './catalogue/type-notation.ts';
import { column, textAt } from './cells.ts';

const timeToLiveSeconds = 3600;

function firstSeen(event: KubeObject): unknown {
  return event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
}

function lastSeen(event: KubeObject): unknown {
  return fieldsOf(event.series).lastObservedTime ?? event.lastTimestamp ?? firstSeen(event);
}

function objectText(event: KubeObject): string {
  const { kind, name } = fieldsOf(event.involvedObject);
  return `${String(kind ?? '').toLowerCase()}/${String(name ?? '')}`;
}

function sourceText(event: KubeObject): string {
  const { component, host } = fieldsOf(event.source);
  return [component ?? event.reportingComponent, host].filter((part) => part !== undefined && part !== '').join(', ');
}

export const coreEventKind: KindDefinition = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  schema: kubernetesSchema('Event'),
  shortNames: ['ev'],
  namespaced: true,
  statusSubresource: false,
  generation: 'none',
  strategicMerge: true,
  unconditionalUpdate: true,
  timeToLiveSeconds,
  selectableFields: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  columns: [
    column('Last Seen', (event, nowMs) => ageOf(lastSeen(event), nowMs)),
    column('Type', (event) => textAt(event, 'type', '')),
    column('Reason', (event) => textAt(event, 'reason', '')),
    column('Object', objectText),
    column('Subobject', (event) => textAt(event, 'involvedObject.fieldPath', ''), 1),
    column('Source', sourceText, 1),
    column('Message', (event) => textAt(event, 'message', '').trim()),
    column('First Seen', (event, nowMs) => ageOf(firstSeen(event), nowMs), 1),
    column('Count', (event) => Number(event.count ?? readPath(event, 'series.count') ?? 1), 1),
    column('Name', (event) => event.metadata.name, 1),
  ],
};

/** Fields that have another name in events.k8s.io/v1. */
const renamed: [core: string, modern: string][] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function rename(object: KubeObject, apiVersion: string, pairs: (readonly [from: string, to: string])[]): KubeObject {
  const names = new Map(pairs);
  const entries = Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]);
  return { ...(Object.fromEntries(entries) as Fields & KubeObject), apiVersion };
}

export const eventKind: KindDefinition = {
  ...coreEventKind,
  group: 'events.k8s.io',
  schema: kubernetesSchema('EventsV1Event'),
  selectableFields: [
    'reason',
    'regarding.kind',
    'regarding.name',
    'regarding.namespace',
    'reportingController',
    'type',
  ],
  columns: (coreEventKind.columns ?? []).map((each) => ({
    ...each,
    value: (event, nowMs) => each.value?.(toCore(event), nowMs) ?? null,
  })),
  storedAs: {
    group: '',
    plural: 'events',
    toStored: toCore,
    fromStored: (object) => rename(object, 'events.k8s.io/v1', renamed),
  },
};

function toCore(event: KubeObject): KubeObject {
  const core = rename(
    event,
    'v1',
    renamed.map(([from, to]) => [to, from] as const),
  );
  const namespace = stringOf(fieldsOf(core.involvedObject).namespace);
  return namespace === undefined && event.metadata.namespace !== undefined
    ? { ...core, involvedObject: { ...fieldsOf(core.involvedObject), namespace: event.metadata.namespace } }
    : core;
}
