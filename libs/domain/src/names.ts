/**
 * Names and labels. Names are DNS-1035 labels, short enough that the objects made from them (Helm-style prefixes
 * included) fit the cluster's 63 characters.
 */
import type { FieldProblem } from './fault.ts';
import type { Kind } from './resource.ts';

export const NAME_MAX_LENGTH: Readonly<Record<Kind, number>> = { VMInstance: 41, VMDisk: 45 };
export const PROJECT_NAME_MAX_LENGTH = 40;

const DNS_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_PREFIX = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const MAX_PREFIX_LENGTH = 253;
/** As Kubernetes: all annotations of an object together. */
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

/** What is wrong with a name of the given kind, at the given pointer. */
export function nameProblems(name: string, maxLength: number, pointer: string): FieldProblem[] {
  if (name === '') return [{ pointer, code: 'required', message: 'A name is required.' }];
  const problems: FieldProblem[] = [];
  if (name.length > maxLength) {
    const message = `At most ${maxLength} characters, this has ${name.length}.`;
    problems.push({ pointer, code: 'too_long', message });
  }
  if (!DNS_1035.test(name)) {
    const message = 'Lower-case letters, digits and hyphens; starts with a letter and ends with a letter or digit.';
    problems.push({ pointer, code: 'invalid_name', message });
  }
  return problems;
}

const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return LABEL_NAME.test(key);
  const prefix = key.slice(0, slash);
  return prefix.length <= MAX_PREFIX_LENGTH && LABEL_PREFIX.test(prefix) && LABEL_NAME.test(key.slice(slash + 1));
}

export function labelProblems(labels: Readonly<Record<string, string>>, pointer: string): FieldProblem[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const at = `${pointer}/${escapePointer(key)}`;
    const problems: FieldProblem[] = [];
    if (!isQualifiedName(key))
      problems.push({ pointer: at, code: 'invalid_label', message: `'${key}' is not a label key.` });
    if (value !== '' && !LABEL_NAME.test(value))
      problems.push({ pointer: at, code: 'invalid_label', message: `'${value}' is not a label value.` });
    return problems;
  });
}

export function annotationProblems(annotations: Readonly<Record<string, string>>, pointer: string): FieldProblem[] {
  const problems: FieldProblem[] = Object.keys(annotations)
    .filter((key) => !isQualifiedName(key))
    .map((key) => ({
      pointer: `${pointer}/${escapePointer(key)}`,
      code: 'invalid_annotation',
      message: `'${key}' is not an annotation key.`,
    }));
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (size > MAX_ANNOTATIONS_BYTES) {
    const message = `All annotations together may have ${MAX_ANNOTATIONS_BYTES} characters, these have ${size}.`;
    problems.push({ pointer, code: 'too_large', message });
  }
  return problems;
}
