/**
 * The limits of a project of which nobody set any: those that are shipped, each replaced by what the operator's file
 * says. Nothing is unlimited but what is called so: whoever leaves a number out keeps a limit.
 */
import { readFile } from 'node:fs/promises';
import { limitsOf, parseBody, type QuotaDocument, quotaDocumentSchema } from '@compute/contract';
import { type Catalogue, isFault } from '@compute/domain';
import { ConfigurationError } from '@compute/runtime';
import { quotaScopesOf } from './application/quota-service.ts';

/** For every series and every class that has no entry of its own. */
const FAMILY = '*';

/** Instead of a file: no limits at all. */
const UNLIMITED = 'unlimited';

/** Enough for a team at work, too little for a mistake in a loop to fill a cluster. */
export const SHIPPED_QUOTA: QuotaDocument = {
  series: { [FAMILY]: { instances: 100, vcpus: 400, memoryGib: 1600 } },
  storage: { [FAMILY]: { disks: 200, storageGib: 20_000 } },
  externalIps: 50,
};

/** By claim key, null for unlimited. Throws `ConfigurationError` for a file that says something else. */
export async function readQuotaDefaults(
  file: string | undefined,
  catalogue: Catalogue,
): Promise<Record<string, number | null>> {
  const shipped = defaultsOf(SHIPPED_QUOTA, catalogue);
  if (file === undefined) return shipped;
  if (file === UNLIMITED) return Object.fromEntries(Object.keys(shipped).map((key) => [key, null]));
  try {
    const document = parseBody(quotaDocumentSchema, JSON.parse(await readFile(file, 'utf8')));
    // What the file says of a family goes before what is shipped for its members.
    return { ...shipped, ...defaultsOf(document, catalogue) };
  } catch (error) {
    throw new ConfigurationError([`QUOTA_DEFAULTS_FILE ${file}: ${reasonOf(error)}`]);
  }
}

/** Families are written out for every member that there is, and kept for those that come. */
function defaultsOf(document: QuotaDocument, catalogue: Catalogue): Record<string, number | null> {
  const { series, storageClasses } = quotaScopesOf(catalogue);
  const scopes = { series: [...series, FAMILY], storageClasses: [...storageClasses, FAMILY] };
  const family = <T>(group: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> => {
    const whole = group[FAMILY];
    return whole === undefined ? {} : Object.fromEntries([...names, FAMILY].map((name) => [name, whole]));
  };
  const whole = { series: family(document.series, series), storage: family(document.storage, storageClasses) };
  return { ...limitsOf({ ...document, ...whole }, scopes), ...limitsOf(document, scopes) };
}

function reasonOf(error: unknown): string {
  if (isFault(error, 'InvalidArgument'))
    return [
      error.message,
      ...(error.details.fields ?? []).map(({ pointer, message }) => `${pointer}: ${message}`),
    ].join(' ');
  return error instanceof Error ? error.message : String(error);
}
