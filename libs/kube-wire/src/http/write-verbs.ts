/**
 * Create, update, patch and server-side apply. The four end in the same place: an object that passed the schema, with
 * field ownership recorded, handed to the backend.
 */
import { jsonPatch, mergePatch } from '../apply/json-patch.ts';
import { type Manager, recordUpdate } from '../apply/managed-fields.ts';
import { mergeRulesOf } from '../apply/merge-rules.ts';
import { applyConfiguration } from '../apply/server-side-apply.ts';
import { strategicMerge } from '../apply/strategic-merge.ts';
import { apiVersionOf } from '../protocol/kind.ts';
import type { KubeObject, ObjectVersion } from '../protocol/kube-object.ts';
import { equalJson, fieldsOf, isFields } from '../protocol/kube-object.ts';
import {
  badRequest,
  conflict,
  invalid,
  requiredField,
  StatusError,
  unsupportedMediaType,
} from '../protocol/status-error.ts';
import { readApplied } from './applied-configuration.ts';
import { checkAgainstSchema, decodeObject, placeObject, reportDoubledKeys } from './incoming-object.ts';
import { checkVersion, separate } from './object-strategy.ts';
import { parseJson } from './request-body.ts';
import type { ResourceRequest } from './resource-request.ts';
import { fieldManagerOf, flagOf, keyOf, writeOptions } from './resource-request.ts';

export interface WriteResult {
  version: ObjectVersion;
  created: boolean;
}

const applyTypes = ['application/apply-patch+yaml', 'application/apply-patch+json'];
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
/** How often an apply goes from "absent" to "present" and back before it gives up. */
const maxApplyAttempts = 5;

function managerOf(request: ResourceRequest, operation: Manager['operation']): Manager {
  return {
    name: fieldManagerOf(request),
    operation,
    apiVersion: apiVersionOf(request.kind),
    subresource: request.path.subresource,
  };
}

/** POST on a collection. */
export async function createObject(request: ResourceRequest): Promise<WriteResult> {
  const object = checkAgainstSchema(decodeObject(request), request);
  return { version: await store(request, object, managerOf(request, 'Update')), created: true };
}

async function store(
  request: ResourceRequest,
  object: KubeObject,
  manager: Manager | undefined,
): Promise<ObjectVersion> {
  const { resourceVersion } = object.metadata;
  if (resourceVersion !== undefined && resourceVersion !== '') {
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  const draft: KubeObject = { ...object, metadata: { ...object.metadata } };
  if (request.kind.statusSubresource) delete draft.status;
  if (manager !== undefined) recordUpdate(undefined, draft, manager, mergeRulesOf(request.kind));
  return request.backend.create(draft, writeOptions(request));
}

/** PUT on an object or its status. */
export async function updateObject(request: ResourceRequest): Promise<WriteResult> {
  const sent = checkAgainstSchema(decodeObject(request), request);
  const manager = managerOf(request, 'Update');
  const version = await request.backend.update(
    keyOf(request),
    (current) => {
      checkVersion(request.kind, current, sent);
      return record(request, current, sent, manager);
    },
    writeOptions(request),
  );
  return { version, created: false };
}

function record(request: ResourceRequest, current: ObjectVersion, next: KubeObject, manager: Manager): KubeObject {
  const { kind, path } = request;
  const object = separate(kind, current.object, next, path.subresource);
  if (equalJson(object, current.object)) return current.object;
  recordUpdate(current.object, object, manager, mergeRulesOf(kind));
  return object;
}

/** PATCH in any of its four forms. */
export async function patchObject(request: ResourceRequest): Promise<WriteResult> {
  const { contentType } = request;
  if (applyTypes.includes(contentType)) return applyObject(request);
  const patch = readPatch(request);
  reportDoubledKeys(request);
  const manager = managerOf(request, 'Update');
  const version = await request.backend.update(
    keyOf(request),
    (current) => {
      const patched = placeObject(fieldsOf(patch(current.object)), request);
      const checked = checkAgainstSchema(patched, request);
      checkVersion(request.kind, current, {
        ...checked,
        metadata: { ...checked.metadata, ...versionOf(checked, current) },
      });
      return record(request, current, checked, manager);
    },
    writeOptions(request),
  );
  return { version, created: false };
}

/** A patch that clears the version is unconditional, like one that does not mention it. */
function versionOf(patched: KubeObject, current: ObjectVersion): { resourceVersion: string } {
  return { resourceVersion: patched.metadata.resourceVersion || current.resourceVersion };
}

function readPatch({ contentType, body, kind }: ResourceRequest): (object: KubeObject) => unknown {
  if (!patchTypes.includes(contentType) || (contentType.startsWith('application/strategic') && !kind.strategicMerge)) {
    throw unsupportedMediaType(
      kind.strategicMerge ? patchTypes : patchTypes.filter((type) => !type.includes('strategic')),
    );
  }
  const patch = parseJson(body.toString('utf8'));
  if (contentType === 'application/json-patch+json') return (object) => jsonPatch(object, patch);
  if (!isFields(patch)) throw badRequest('the patch must be an object');
  if (contentType === 'application/merge-patch+json') return (object) => mergePatch(object, patch);
  return (object) => strategicMerge(object, patch, mergeRulesOf(kind));
}

async function applyObject(request: ResourceRequest): Promise<WriteResult> {
  const { path, query } = request;
  if ((query.get('fieldManager') ?? '') === '') {
    const problem = requiredField('fieldManager', 'is required for apply patch');
    throw invalid('meta.k8s.io', 'PatchOptions', '', [problem]);
  }
  const applied = readApplied(request);
  for (let attempt = 1; ; attempt++) {
    try {
      return await applyOnce(request, applied, path.subresource === '');
    } catch (error) {
      const raced = error instanceof StatusError && error.reason === 'AlreadyExists';
      if (!raced || attempt === maxApplyAttempts) throw error;
    }
  }
}

async function applyOnce(request: ResourceRequest, applied: KubeObject, mayCreate: boolean): Promise<WriteResult> {
  const { kind, backend } = request;
  const manager = managerOf(request, 'Apply');
  const options = { manager, force: flagOf(request.query, 'force'), rules: mergeRulesOf(kind) };
  if ((await backend.get(keyOf(request))) === undefined && mayCreate) {
    if (applied.metadata.uid !== undefined) {
      throw conflict(
        kind,
        applied.metadata.name,
        'uid mismatch: the provided object specified uid ' +
          `${applied.metadata.uid}, and no existing object was found`,
      );
    }
    const object = applyConfiguration({ live: undefined, applied, ...options });
    return { version: await store(request, checkAgainstSchema(object, request), undefined), created: true };
  }
  const change = (current: ObjectVersion): KubeObject => {
    const next = applyConfiguration({ live: current.object, applied, ...options });
    if (next === current.object) return next;
    checkVersion(kind, current, { ...next, metadata: { ...next.metadata, ...versionOf(applied, current) } });
    return separate(kind, current.object, checkAgainstSchema(next, request), request.path.subresource);
  };
  return { version: await backend.update(keyOf(request), change, writeOptions(request)), created: false };
}
