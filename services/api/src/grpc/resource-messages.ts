/** What the messages of all kinds share: metadata, conditions, failures, times. */
import type { MetadataView, PlainObject } from '@compute/contract';
import type { Condition as ConditionView, Failure as FailureView } from '@compute/domain';
import type { Condition, Failure, ResourceMetadata } from '@compute/proto';
import { CONDITION_STATUS } from './words.ts';

export function metadataMessage(view: MetadataView): ResourceMetadata {
  return {
    name: view.name,
    project: view.namespace,
    uid: view.uid,
    labels: view.labels,
    annotations: view.annotations,
    generation: BigInt(view.generation),
    resourceVersion: view.resourceVersion,
    createTime: new Date(view.creationTimestamp),
    deleteTime: timeOf(view.deletionTimestamp),
    updateTime: timeOf(view.updateTimestamp),
  };
}

export const timeOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));

export function conditionMessage(view: ConditionView): Condition {
  return {
    type: view.type,
    status: CONDITION_STATUS[view.status],
    reason: view.reason,
    message: view.message,
    lastTransitionTime: new Date(view.lastTransitionTime),
    observedGeneration: BigInt(view.observedGeneration),
  };
}

export function failureMessage(view: FailureView | undefined): Failure | undefined {
  return view && { ...view, since: new Date(view.since), detail: view.detail };
}

/** The part of a message's metadata that a user may set, as in a manifest; empty maps are not given. */
export function metadataInput(message: ResourceMetadata | undefined): PlainObject {
  const { name = '', labels = {}, annotations = {} } = message ?? {};
  return { ...(name === '' ? {} : { name }), ...givenMap('labels', labels), ...givenMap('annotations', annotations) };
}

const givenMap = (key: string, map: Readonly<Record<string, string>>): PlainObject =>
  Object.keys(map).length === 0 ? {} : { [key]: map };

/** Only the entries that were given: proto3 cannot tell an empty list or text from none. */
export function givenOnly(input: PlainObject): PlainObject {
  const isGiven = (value: unknown) =>
    value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(input).filter(([, value]) => isGiven(value)));
}
