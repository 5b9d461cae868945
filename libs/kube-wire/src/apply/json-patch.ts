/** JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386), with the refusals kube-apiserver gives. */
import type { Fields } from '../protocol/kube-object.ts';
import { cloneJson, equalJson, isFields } from '../protocol/kube-object.ts';
import { badRequest, StatusError } from '../protocol/status-error.ts';

/** More operations than this are refused with 413, as upstream does. */
const maxOperations = 10_000;

interface Operation {
  op: string;
  path: string;
  from: string;
  value: unknown;
  hasValue: boolean;
}

/** Applies a merge patch; null removes a field, lists are replaced. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return cloneJson(patch);
  const merged: Fields = isFields(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

/** Applies the operations to a copy. Throws 422 when one cannot be applied, 400 when the patch is malformed. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  const operations = parseOperations(patch);
  let document = cloneJson(target);
  for (const operation of operations) document = applyOperation(document, operation);
  return document;
}

function parseOperations(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) throw badRequest('json patch must be a list of operations');
  if (patch.length > maxOperations) {
    const message = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`;
    throw new StatusError(413, 'RequestEntityTooLarge', message);
  }
  return patch.map((entry) => {
    if (!isFields(entry) || typeof entry.op !== 'string' || typeof entry.path !== 'string') {
      throw badRequest('json patch operations need "op" and "path"');
    }
    const from = typeof entry.from === 'string' ? entry.from : '';
    return { op: entry.op, path: entry.path, from, value: entry.value, hasValue: 'value' in entry };
  });
}

function cannot(why: string): StatusError {
  return new StatusError(422, 'Invalid', `the server rejected our request due to an error in our request: ${why}`);
}

function applyOperation(document: unknown, operation: Operation): unknown {
  const { op, path, from } = operation;
  switch (op) {
    case 'add':
      return write(document, path, cloneJson(operation.value), 'add');
    case 'replace':
      return write(document, path, cloneJson(operation.value), 'replace');
    case 'remove':
      return remove(document, path);
    case 'test':
      // A path that is not there is null to a test, as upstream has it: controllers test that a list is still absent.
      if (!equalJson(lookUp(document, path) ?? null, operation.value ?? null))
        throw cannot(`testing path ${path} failed`);
      return document;
    case 'copy':
      return write(document, path, cloneJson(read(document, from)), 'add');
    case 'move': {
      const moved = read(document, from);
      return write(remove(document, from), path, moved, 'add');
    }
    default:
      throw badRequest(`unexpected json patch operation ${JSON.stringify(op)}`);
  }
}

function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw cannot(`invalid path ${JSON.stringify(pointer)}`);
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function lookUp(document: unknown, pointer: string): unknown {
  let at = document;
  for (const step of parsePointer(pointer)) {
    at = Array.isArray(at) ? at[Number(step)] : isFields(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at;
}

function read(document: unknown, pointer: string): unknown {
  const value = lookUp(document, pointer);
  if (value === undefined) throw cannot(`path ${pointer} does not exist`);
  return value;
}

function parentOf(document: unknown, pointer: string): { parent: Fields | unknown[]; last: string } {
  const steps = parsePointer(pointer);
  const last = steps.pop() ?? '';
  const parent = lookUp(document, steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
  if (!Array.isArray(parent) && !isFields(parent)) throw cannot(`path ${pointer} does not exist`);
  return { parent, last };
}

function indexIn(step: string, limit: number): number {
  const at = /^\d+$/.test(step) ? Number(step) : Number.NaN;
  if (Number.isNaN(at) || at > limit) throw cannot(`index ${step} is out of bounds`);
  return at;
}

function write(document: unknown, pointer: string, value: unknown, how: 'add' | 'replace'): unknown {
  if (pointer === '') return value;
  const { parent, last } = parentOf(document, pointer);
  if (Array.isArray(parent)) {
    if (how === 'replace') parent[indexIn(last, parent.length - 1)] = value;
    else parent.splice(last === '-' ? parent.length : indexIn(last, parent.length), 0, value);
    return document;
  }
  // Upstream's library replaces what is not there in an object, and controllers lean on it; only in lists it refuses.
  parent[last] = value;
  return document;
}

function remove(document: unknown, pointer: string): unknown {
  const { parent, last } = parentOf(document, pointer);
  if (Array.isArray(parent)) {
    parent.splice(indexIn(last, parent.length - 1), 1);
    return document;
  }
  if (!Object.hasOwn(parent, last)) throw cannot(`path ${pointer} does not exist`);
  delete parent[last];
  return document;
}
