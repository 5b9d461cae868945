/**
 * Judges one manifest as a whole: shape, names, rules across fields, URLs, cloud-init. Every fault is found at once,
 * also the faults of sound fields beside broken ones.
 *
 * A reader could break: findings of a rule at (or below, or above) a pointer whose shape is already refused are
 * dropped, because the rule then judged a default in place of what the user wrote.
 */
import {
  type AnyResource,
  annotationProblems,
  type Catalogue,
  type FieldProblem,
  KINDS,
  type Kind,
  labelProblems,
  nameProblems,
  type ResourceOf,
  type Verdict,
  type VmDiskSpec,
  type VmInstanceSpec,
  validateDiskChange,
  validateDiskSpec,
  validateVmChange,
  validateVmSpec,
  type Warning,
} from '@compute/domain';
import { checkCloudInit } from '../rules/cloud-init.ts';
import { fieldProblems } from '../rules/field-problems.ts';
import { sourceUrlProblems } from '../rules/source-url.ts';
import { knownKeys, MANIFEST_SCHEMAS, nameMaxLength } from './envelope.ts';
import { isPlainObject, shapeProblem, textProblems, withoutNulls } from './plain-object.ts';

const MAX_DEPTH = 32;

export type SpecOf<K extends Kind> = ResourceOf[K]['spec'];

/** What a user wants of one resource, checked, with defaults added and nothing rewritten. */
export interface Desired<K extends Kind = Kind> {
  readonly kind: K;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: SpecOf<K>;
}

export type AnyDesired = { [K in Kind]: Desired<K> }[Kind];

export type Checked<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Warning[] }
  | { readonly ok: false; readonly problems: readonly FieldProblem[]; readonly warnings: readonly Warning[] };

export interface CheckSettings {
  readonly catalogue: Catalogue;
  readonly allowPrivateSources: boolean;
}

export interface Expected {
  readonly project: string;
  /** When the address already says which kind it must be. */
  readonly kind?: Kind;
  /** When the address already names the resource. */
  readonly name?: string;
  /** The stored resource that the manifest is to replace: what cannot change is refused. */
  readonly before?: AnyResource;
}

/** Checks any manifest; its `kind` says which rules apply. Never throws. */
export function checkManifest(input: unknown, expected: Expected, settings: CheckSettings): Checked<AnyDesired> {
  if (!isPlainObject(input))
    return refused([{ pointer: '', code: 'invalid_type', message: 'A manifest is an object.' }]);
  const kind = expected.kind ?? KINDS.find((known) => known === input.kind);
  if (kind === undefined) return refused([unknownKind(input.kind)]);
  if (expected.kind === undefined && input.apiVersion === undefined)
    return refused([{ pointer: '/apiVersion', code: 'required', message: 'This field is required.' }]);
  return checkManifestOf(kind, input, expected, settings) as Checked<AnyDesired>;
}

/** Checks a manifest of a known kind. Never throws. */
export function checkManifestOf<K extends Kind>(
  kind: K,
  input: unknown,
  expected: Expected,
  settings: CheckSettings,
): Checked<Desired<K>> {
  const extent = shapeProblem(input, MAX_DEPTH);
  if (extent) return refused([extent]);
  const cleaned = clean(input, expected);
  const parsed = MANIFEST_SCHEMAS[kind].manifest.safeParse(cleaned);
  const shape = parsed.success ? [] : fieldProblems(parsed.error.issues, (pointer) => knownKeys(kind, pointer));
  const spec = parsed.success ? (parsed.data.spec as SpecOf<K>) : salvage(kind, cleaned, shape);
  const verdict = spec === undefined ? NOTHING : judgeSpec(kind, spec, expected, settings);
  const meta = checkMetadata(kind, cleaned, expected);
  const found = [...meta, ...verdict.problems].filter((problem) => !isOverruled(problem.pointer, shape));
  const problems = [
    ...shape,
    ...found,
    ...(spec === undefined ? [] : copiesItself(kind, cleaned, spec)),
    ...textProblems(cleaned),
  ];
  const warnings = verdict.warnings.filter((warning) => !isOverruled(warning.pointer, shape));
  if (problems.length > 0 || !parsed.success) return { ok: false, problems, warnings };
  const { labels, annotations, name = expected.name ?? '' } = parsed.data.metadata;
  return { ok: true, value: { kind, name, labels, annotations, spec: DEFAULTS[kind](spec as SpecOf<K>) }, warnings };
}

/** It would wait for itself for ever. */
function copiesItself(kind: Kind, input: unknown, spec: object): FieldProblem[] {
  const name = isPlainObject(input) && isPlainObject(input.metadata) ? input.metadata.name : undefined;
  const source = kind === 'VMDisk' ? (spec as VmDiskSpec).source.disk?.name : undefined;
  if (source === undefined || source !== name) return [];
  return [{ pointer: '/spec/source/disk/name', code: 'contradiction', message: 'A disk cannot be a copy of itself.' }];
}

const NOTHING: Verdict = { problems: [], warnings: [] };

const refused = (problems: readonly FieldProblem[]): Checked<never> => ({ ok: false, problems, warnings: [] });

function unknownKind(kind: unknown): FieldProblem {
  const message = `The kind must be ${KINDS.join(' or ')}.`;
  return { pointer: '/kind', code: kind === undefined ? 'required' : 'unknown_kind', message };
}

/** Null counts as not given, as in Kubernetes; a name in the address need not be repeated. */
function clean(input: unknown, expected: Expected): unknown {
  const cleaned = withoutNulls(input);
  if (!isPlainObject(cleaned)) return cleaned;
  if (cleaned.metadata === undefined && expected.name !== undefined) return { ...cleaned, metadata: {} };
  return cleaned;
}

function checkMetadata(kind: Kind, input: unknown, expected: Expected): FieldProblem[] {
  const metadata = isPlainObject(input) && isPlainObject(input.metadata) ? input.metadata : {};
  const { name = expected.name ?? '', namespace, labels, annotations } = metadata;
  return [
    ...(typeof name === 'string' ? checkName(kind, name, expected) : []),
    ...(typeof namespace === 'string' && namespace !== expected.project ? [wrongNamespace(expected.project)] : []),
    ...(isTextMap(labels) ? labelProblems(labels, '/metadata/labels') : []),
    ...(isTextMap(annotations) ? annotationProblems(annotations, '/metadata/annotations') : []),
  ];
}

function checkName(kind: Kind, name: string, expected: Expected): FieldProblem[] {
  if (expected.name === undefined || expected.name === name)
    return nameProblems(name, nameMaxLength(kind), '/metadata/name');
  const message = `The name cannot change: the address says '${expected.name}'.`;
  return [{ pointer: '/metadata/name', code: 'immutable', message }];
}

const wrongNamespace = (project: string): FieldProblem => ({
  pointer: '/metadata/namespace',
  code: 'invalid_value',
  message: `The namespace is the project: '${project}', or left out.`,
});

function isTextMap(value: unknown): value is Record<string, string> {
  return isPlainObject(value) && Object.values(value).every((entry) => typeof entry === 'string');
}

/** The spec without its broken fields, so that the rules can still judge the others. */
function salvage<K extends Kind>(kind: K, input: unknown, problems: readonly FieldProblem[]): SpecOf<K> | undefined {
  if (!isPlainObject(input) || !isPlainObject(input.spec)) return undefined;
  const broken = new Set(
    problems.map((problem) => problem.pointer.split('/')).map(([, top, field]) => `${top}/${field}`),
  );
  const sound = Object.entries(input.spec).filter(([key]) => !broken.has(`spec/${key.replaceAll('/', '~1')}`));
  const parsed = MANIFEST_SCHEMAS[kind].salvage.safeParse(Object.fromEntries(sound));
  return parsed.success ? (parsed.data as SpecOf<K>) : undefined;
}

/** The one that is not given may be missing because the other one is broken. */
const ALTERNATIVES: Readonly<Record<string, string>> = {
  '/spec/instanceType': '/spec/resources',
  '/spec/resources': '/spec/instanceType',
};

function isOverruled(pointer: string, shape: readonly FieldProblem[]): boolean {
  const isNear = (a: string, b: string) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
  const other = ALTERNATIVES[pointer];
  return shape.some((problem) => {
    if (problem.code === 'unknown_field') return false;
    return isNear(problem.pointer, pointer) || (other !== undefined && isNear(problem.pointer, other));
  });
}

type Judges = { readonly [K in Kind]: (spec: SpecOf<K>, settings: CheckSettings) => readonly Verdict[] };

const JUDGES: Judges = {
  VMInstance: (spec: VmInstanceSpec, { catalogue }) => [
    validateVmSpec(spec, catalogue),
    checkCloudInit(spec.cloudInit),
  ],
  VMDisk: (spec: VmDiskSpec, settings) => [validateDiskSpec(spec, settings.catalogue), checkSourceUrl(spec, settings)],
};

type ChangeJudges = { readonly [K in Kind]: (before: SpecOf<K>, after: SpecOf<K>) => Verdict };

const CHANGE_JUDGES: ChangeJudges = { VMInstance: validateVmChange, VMDisk: validateDiskChange };

function judgeSpec<K extends Kind>(kind: K, spec: SpecOf<K>, expected: Expected, settings: CheckSettings): Verdict {
  const verdicts = [...JUDGES[kind](spec, settings)];
  const before = expected.before?.spec as SpecOf<K> | undefined;
  if (before) verdicts.push(CHANGE_JUDGES[kind](before, spec));
  return {
    problems: verdicts.flatMap((verdict) => verdict.problems).filter((problem) => !isKept(problem, before, spec)),
    warnings: verdicts.flatMap((verdict) => verdict.warnings),
  };
}

/** What is no longer offered may be kept by who has it: other edits must stay possible. */
function isKept({ pointer, code }: FieldProblem, before: object | undefined, after: object): boolean {
  const field = /^\/spec\/(\w+)$/.exec(pointer)?.[1];
  if (code !== 'unavailable' || before === undefined || field === undefined) return false;
  return Reflect.get(before, field) === Reflect.get(after, field);
}

/** Defaults that depend on other fields; all others stand in the schemas. */
const DEFAULTS: { readonly [K in Kind]: (spec: SpecOf<K>) => SpecOf<K> } = {
  VMInstance: (spec) =>
    spec.running === undefined && spec.runStrategy === undefined ? { ...spec, running: true } : spec,
  VMDisk: (spec) => spec,
};

function checkSourceUrl(spec: VmDiskSpec, settings: CheckSettings): Verdict {
  if (!spec.source.http) return NOTHING;
  const pointer = '/spec/source/http/url';
  return { problems: sourceUrlProblems(spec.source.http.url, pointer, settings.allowPrivateSources), warnings: [] };
}
