/**
 * Label and field selectors: parsing with kube-apiserver's refusals, and matching. A selector that parses is cheap to
 * match, because watches match every event against it.
 */
import type { KubeObject } from './kube-object.ts';
import { readPath } from './kube-object.ts';
import { badRequest } from './status-error.ts';

export interface LabelRequirement {
  key: string;
  operator: 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt';
  values: string[];
}

export interface FieldRequirement {
  path: string;
  negated: boolean;
  value: string;
}

export interface Selection {
  labels: LabelRequirement[];
  fields: FieldRequirement[];
}

export const everything: Selection = { labels: [], fields: [] };

const keyPattern = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const valuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** Parses both selectors of a request; `selectable` are the paths a field selector may name besides metadata. */
export function parseSelection(labelText: string, fieldText: string, selectable: readonly string[]): Selection {
  return { labels: parseLabelSelector(labelText), fields: parseFieldSelector(fieldText, selectable) };
}

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. Throws 400 on anything else. */
export function parseLabelSelector(selector: string): LabelRequirement[] {
  return splitOutsideParentheses(selector).map((part) => parseLabelRequirement(part, selector));
}

function splitOutsideParentheses(selector: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= selector.length; at++) {
    const char = selector[at];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === undefined || (char === ',' && depth === 0)) {
      parts.push(selector.slice(start, at).trim());
      start = at + 1;
    }
  }
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

function parseLabelRequirement(part: string, whole: string): LabelRequirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return checked({ key: set[1] ?? '', operator: set[2] as 'in' | 'notin', values }, whole);
  }
  const compared = /^([^=!<>\s]+)\s*(==|=|!=|>|<)\s*([^=!<>\s]*)$/.exec(part);
  if (compared) {
    const operator = ({ '=': 'in', '==': 'in', '!=': 'notin', '>': 'gt', '<': 'lt' } as const)[compared[2] ?? '='];
    return checked({ key: compared[1] ?? '', operator: operator ?? 'in', values: [compared[3] ?? ''] }, whole);
  }
  const absent = part.startsWith('!');
  return checked(
    { key: (absent ? part.slice(1) : part).trim(), operator: absent ? 'absent' : 'exists', values: [] },
    whole,
  );
}

function checked(requirement: LabelRequirement, whole: string): LabelRequirement {
  const badValue = requirement.values.find((value) => !valuePattern.test(value) || value.length > 63);
  if (!keyPattern.test(requirement.key) || badValue !== undefined) {
    throw badRequest(`unable to parse requirement: invalid label selector ${JSON.stringify(whole)}`);
  }
  return requirement;
}

/** Parses `metadata.name=a,status.phase!=Failed`. Throws 400 for paths the kind does not offer. */
export function parseFieldSelector(selector: string, selectable: readonly string[]): FieldRequirement[] {
  if (selector.trim() === '') return [];
  return selector.split(',').map((part) => {
    const parsed = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/.exec(part.trim());
    if (!parsed) throw badRequest(`invalid field selector: ${JSON.stringify(part)}`);
    const path = parsed[1] ?? '';
    if (path !== 'metadata.name' && path !== 'metadata.namespace' && !selectable.includes(path)) {
      throw badRequest(`field label not supported: ${path}`);
    }
    return { path, negated: parsed[2] === '!=', value: parsed[3] ?? '' };
  });
}

/** Whether an object satisfies every requirement. */
export function matches(selection: Selection, object: KubeObject): boolean {
  const labels = object.metadata.labels ?? {};
  return (
    selection.labels.every((requirement) => matchesLabel(requirement, labels[requirement.key])) &&
    selection.fields.every(({ path, negated, value }) => (fieldText(object, path) === value) !== negated)
  );
}

function fieldText(object: KubeObject, path: string): string {
  const value = readPath(object, path);
  return value === undefined || value === null ? '' : String(value);
}

function matchesLabel({ operator, values }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value);
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'lt':
      return value !== undefined && Number(value) < Number(values[0]);
  }
}
