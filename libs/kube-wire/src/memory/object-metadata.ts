/** Rules for labels and annotations that hold for every kind. */
import { isFields, type KubeObject } from '../protocol/kube-object.ts';
import type { FieldProblem } from '../protocol/status-error.ts';
import { invalidField, tooLongField } from '../protocol/status-error.ts';

const maxAnnotationBytes = 256 * 1024;
const keyPattern = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const valuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

const keyRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
  "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** Problems of an object's labels and annotations. */
export function metadataProblems({ metadata }: KubeObject): FieldProblem[] {
  const { labels, annotations } = metadata;
  return [...labelProblems(labels), ...annotationProblems(annotations)];
}

function labelProblems(labels: unknown): FieldProblem[] {
  if (!isFields(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => {
    if (!keyPattern.test(key)) return [invalidField('metadata.labels', key, keyRule)];
    if (typeof value === 'string' && valuePattern.test(value)) return [];
    const tooLong = typeof value === 'string' && value.length > 63;
    return [invalidField('metadata.labels', value, tooLong ? 'must be no more than 63 bytes' : valueRule)];
  });
}

function annotationProblems(annotations: unknown): FieldProblem[] {
  if (!isFields(annotations)) return [];
  const entries = Object.entries(annotations);
  const bad = entries.find(([key]) => !keyPattern.test(key.toLowerCase()));
  if (bad !== undefined) return [invalidField('metadata.annotations', bad[0], keyRule)];
  const bytes = entries.reduce((sum, [key, value]) => sum + key.length + Buffer.byteLength(String(value)), 0);
  return bytes > maxAnnotationBytes ? [tooLongField('metadata.annotations', maxAnnotationBytes)] : [];
}
