/**
 * Hooks a kind can put between a write and the store. They run inside the write, after patches were merged and before
 * anything is visible, so whatever they read belongs to the state the write is applied to.
 */
import type { KubeObject } from './kube-object.ts';
import type { FieldProblem } from './status-error.ts';

/** Reads the current state; objects are shared and must not be changed. */
export interface StateReader {
  /** `resource` is `plural.group`, or the plural for the core group. */
  find(resource: string, namespace: string, name: string): KubeObject | undefined;
  list(resource: string, namespace?: string): KubeObject[];
}

export interface AdmissionRequest {
  operation: 'create' | 'update' | 'delete';
  subresource: string | undefined;
  /** A draft: `prepare` may change it. */
  object: KubeObject;
  /** The stored version, for update and delete. */
  previous: KubeObject | undefined;
  state: StateReader;
}

export interface Admission {
  /** Sets defaults and derived fields on the draft. */
  prepare?: (request: AdmissionRequest) => void;
  /** Problems become a 422 with one cause each; a hook may also throw a StatusError of its own. */
  validate?: (request: AdmissionRequest) => FieldProblem[];
}

/** Runs several hooks as one, in order. */
export function combineAdmission(...parts: Admission[]): Admission {
  return {
    prepare: (request) => {
      for (const part of parts) part.prepare?.(request);
    },
    validate: (request) => parts.flatMap((part) => part.validate?.(request) ?? []),
  };
}
