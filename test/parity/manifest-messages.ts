/**
 * Manifests as messages and back, by the names in the descriptor: what a caller does who has the .proto files and
 * nothing of ours. What a message has no place for is refused by name.
 */
import { plainObject } from './plain-shape.ts';
import type { Json } from './requests.ts';

const METADATA = ['name', 'labels', 'annotations', 'namespace'];
const SPEC = [
  ...['external', 'externalMethod', 'externalPorts', 'running', 'runStrategy', 'instanceType', 'instanceProfile'],
  ...['disks', 'sshKeys', 'cloudInit', 'cloudInitSeed', 'resources', 'source', 'optical', 'storage', 'storageClass'],
];

/** The fields of a message that a manifest gives. */
export function messageOf(manifest: Json, name?: string): Json {
  const { apiVersion: _version, kind: _kind, status: _status, metadata = {}, spec, ...foreign } = manifest;
  onlyOf('the message', foreign, []);
  onlyOf('metadata', metadata, METADATA);
  const { namespace: _project, ...named } = metadata;
  const identity = { ...named, ...(name === undefined ? {} : { name }) };
  return { metadata: identity, ...(spec === undefined ? {} : { spec: specMessage(spec) }) };
}

function specMessage(spec: Json): Json {
  onlyOf('spec', spec, SPEC);
  const { externalMethod, runStrategy, disks, resources, ...same } = spec;
  return {
    ...same,
    ...(externalMethod === undefined ? {} : { externalMethod: numberWord('EXTERNAL_METHOD', externalMethod) }),
    ...(runStrategy === undefined ? {} : { runStrategy: numberWord('RUN_STRATEGY', runStrategy) }),
    ...(disks === undefined ? {} : { disks: disks.map(entryMessage) }),
    ...(resources === undefined ? {} : { resources: textsOf(resources) }),
  };
}

const entryMessage = (entry: Json): Json =>
  typeof entry === 'string'
    ? { name: entry }
    : { name: entry.name, ...(entry.bus ? { bus: numberWord('DISK_BUS', entry.bus) } : {}) };

const textsOf = (resources: Json): Json =>
  Object.fromEntries(Object.entries(resources).map(([key, value]) => [key, `${value as string}`]));

function onlyOf(where: string, object: object, known: readonly string[]): void {
  const foreign = Object.keys(object).filter((key) => !known.includes(key));
  if (foreign.length > 0) throw new Error(`A message has no field ${foreign.join(', ')} in ${where}.`);
}

/** `PortList` is EXTERNAL_METHOD_PORT_LIST. */
function numberWord(prefix: string, word: string): string {
  return `${prefix}_${word.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`;
}

const SPELLED_OTHERWISE: Readonly<Record<string, string>> = { WHOLE_IP: 'WholeIP' };

/** EXTERNAL_METHOD_PORT_LIST is `PortList`; undefined for what was not given. */
function wordOf(prefix: string, name: string | undefined): string | undefined {
  const rest = name?.slice(prefix.length + 1);
  if (rest === undefined || rest === 'UNSPECIFIED') return undefined;
  if (prefix === 'DISK_BUS') return rest.toLowerCase();
  return SPELLED_OTHERWISE[rest] ?? rest.split('_').map(capitalised).join('');
}

const capitalised = (word: string): string => word.charAt(0) + word.slice(1).toLowerCase();

/** A message as the manifest that it stands for. */
export function objectOf(kind: 'VMInstance' | 'VMDisk', message: Json): Json {
  const { metadata, spec, status } = withoutNulls(message);
  const { project: _project, createTime: _created, updateTime: _updated, deleteTime, generation, ...named } = metadata;
  const deletion = deleteTime === undefined ? {} : { deletionTimestamp: deleteTime };
  return plainObject({
    kind,
    metadata: { ...named, generation: Number(generation), ...deletion },
    spec: kind === 'VMInstance' ? vmSpec(spec) : spec,
    status: kind === 'VMInstance' ? vmStatus(status) : diskStatus(status),
  });
}

function vmSpec({ externalMethod, runStrategy, disks, ...same }: Json): Json {
  return {
    ...same,
    externalMethod: wordOf('EXTERNAL_METHOD', externalMethod),
    runStrategy: wordOf('RUN_STRATEGY', runStrategy),
    disks: disks.map(({ name, bus }: Json) => ({ name, bus: wordOf('DISK_BUS', bus) })),
  };
}

function statusOf(phasePrefix: string, { phase, conditions, observedGeneration, ...rest }: Json): Json {
  return {
    phase: wordOf(phasePrefix, phase),
    conditions: conditions.map((condition: Json) => ({
      ...condition,
      status: wordOf('CONDITION_STATUS', condition.status),
      observedGeneration: Number(condition.observedGeneration),
    })),
    observedGeneration: Number(observedGeneration),
    ...rest,
  };
}

/** A list that is not known is empty in a message. */
function vmStatus({ disks, ...status }: Json): Json {
  return statusOf('VM_PHASE', { ...status, ...(disks.length === 0 ? {} : { disks }) });
}

function diskStatus({ import: progress, ...status }: Json): Json {
  if (!progress) return statusOf('DISK_PHASE', status);
  const shown = { ...progress, phase: wordOf('IMPORT_PHASE', progress.phase) };
  return statusOf('DISK_PHASE', { ...status, import: shown });
}

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutNulls(entry)]));
}
