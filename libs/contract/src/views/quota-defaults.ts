/**
 * The limits of a project of which nobody set any: those that are shipped, each replaced by what the operator's document
 * says. Nothing is unlimited but what is called so: whoever leaves a number out keeps a limit. Pure.
 */
import { type Catalogue, CUSTOM_SERIES } from '@compute/domain';
import { parseBody } from '../requests/query.ts';
import { limitsOf, type QuotaDocument, type QuotaScopes, quotaDocumentSchema } from './quota-view.ts';

/** For every series and every class that has no entry of its own. */
const FAMILY = '*';

/** Instead of a document: no limits at all. */
export const UNLIMITED_QUOTA = 'unlimited';

/** Enough for a team at work, too little for a mistake in a loop to fill a cluster. */
export const SHIPPED_QUOTA: QuotaDocument = {
  series: { [FAMILY]: { instances: 100, vcpus: 400, memoryGib: 1600 } },
  storage: { [FAMILY]: { disks: 200, storageGib: 20_000 } },
  externalIps: 50,
};

/** The scopes that a quota document always shows. */
export function quotaScopesOf(catalogue: Catalogue): QuotaScopes {
  return {
    series: [...new Set(catalogue.instanceTypes.map((type) => type.series)), CUSTOM_SERIES],
    storageClasses: catalogue.storageClasses.map((entry) => entry.name),
  };
}

/**
 * By claim key, null for unlimited. `written`: the JSON of a quota document, or the word for no limits. Throws
 * `InvalidArgument` for a document that says something else, and SyntaxError for what is no JSON.
 */
export function quotaDefaultsOf(written: string | undefined, catalogue: Catalogue): Record<string, number | null> {
  const shipped = defaultsOf(SHIPPED_QUOTA, catalogue);
  if (written === undefined) return shipped;
  if (written === UNLIMITED_QUOTA) return Object.fromEntries(Object.keys(shipped).map((key) => [key, null]));
  const document = parseBody(quotaDocumentSchema, JSON.parse(written));
  // What the document says of a family goes before what is shipped for its members.
  return { ...shipped, ...defaultsOf(document, catalogue) };
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
