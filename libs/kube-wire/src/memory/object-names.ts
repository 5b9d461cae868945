/** Names of objects: making them from generateName and refusing those the kind does not allow. */
import { randomBytes } from 'node:crypto';
import type { KindDefinition } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import type { FieldProblem } from '../protocol/status-error.ts';
import { invalidField, requiredField } from '../protocol/status-error.ts';

/** The alphabet of generated suffixes: no vowels and nothing that reads like another sign. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxGeneratedLength = 63;

export function generateName(prefix: string): string {
  const suffix = [...randomBytes(suffixLength)].map((byte) => alphabet[byte % alphabet.length]).join('');
  return prefix.slice(0, maxGeneratedLength - suffixLength) + suffix;
}

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const label1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
  "end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is " +
  "'[a-z]([-a-z0-9]*[a-z0-9])?')";

const formats = {
  subdomain: {
    pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    maxLength: 253,
    why: subdomain,
  },
  label: { pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, maxLength: 63, why: label },
  label1035: { pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, maxLength: 63, why: label1035 },
  segment: { pattern: /^(?!\.{1,2}$)[^/%]+$/, maxLength: 253, why: "may not contain '/' or '%'" },
} as const;

/** Problems of the object's name. */
export function nameProblems(kind: KindDefinition, { metadata }: KubeObject): FieldProblem[] {
  if (!metadata.name) return [requiredField('metadata.name', 'name or generateName is required')];
  const { pattern, maxLength, why } = formats[kind.nameFormat ?? 'subdomain'];
  if (metadata.name.length > maxLength) {
    return [invalidField('metadata.name', metadata.name, `must be no more than ${maxLength} characters`)];
  }
  return pattern.test(metadata.name) ? [] : [invalidField('metadata.name', metadata.name, why)];
}
