/**
 * The way from client-side to server-side apply, for the manager `kubectl` only: fields that the annotation of the last
 * client-side apply states, and that still have that value, may be taken over without force; and the annotation, where
 * there is one, follows what is applied.
 */
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { isFields } from '../protocol/kube-object.ts';
import { compareObjects, ownableFields } from './compare.ts';
import { difference, FieldSet } from './field-set.ts';
import type { MergeRules } from './merge-rules.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
const manager = 'kubectl';

/** Fields the named manager may take over although others own them. */
export function inheritedFields(live: KubeObject, managerName: string, rules: MergeRules): FieldSet {
  const last = managerName === manager ? lastApplied(live) : undefined;
  if (last === undefined) return new FieldSet();
  const changes = compareObjects(last, live as Fields, rules);
  const unchanged = difference(ownableFields(last, rules), changes.modified);
  return difference(difference(unchanged, changes.added), changes.removed);
}

function lastApplied(live: KubeObject): Fields | undefined {
  const text = live.metadata.annotations?.[annotation];
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isFields(parsed) && parsed.apiVersion === live.apiVersion ? parsed : undefined;
  } catch {
    // An annotation somebody broke grants nothing.
    return undefined;
  }
}

/** The result of an apply with the annotation brought up to date, if the live object has one. */
export function refreshLastApplied(
  live: KubeObject | undefined,
  result: KubeObject,
  applied: KubeObject,
  managerName: string,
): KubeObject {
  if (managerName !== manager || live?.metadata.annotations?.[annotation] === undefined) return result;
  const { managedFields: _, ...metadata } = applied.metadata;
  const annotations = { ...metadata.annotations };
  delete annotations[annotation];
  const configuration = { ...applied, metadata: { ...metadata, annotations } };
  const text = `${JSON.stringify(configuration)}\n`;
  return {
    ...result,
    metadata: { ...result.metadata, annotations: { ...result.metadata.annotations, [annotation]: text } },
  };
}
