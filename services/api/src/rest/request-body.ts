/** Bodies: JSON as parsed, YAML as text until a controller reads it. Nothing deep enters a recursive function. */
import { isUtf8 } from 'node:buffer';
import {
  DOCUMENT_LIMITS,
  type Documents,
  doubledKeys,
  expandLists,
  faultOf,
  isPlainObject,
  jsonDocuments,
  type PlainObject,
  parseYamlDocuments,
  shapeProblem,
} from '@compute/contract';
import { Fault } from '@compute/domain';
import type { FastifyInstance } from 'fastify';
import type { ApiRequest } from './request.ts';

/** The largest body of any request. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

const JSON_TYPES = ['application/json', 'application/merge-patch+json', 'application/cloudevents+json'];
const YAML_TYPES = [
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
  'application/vnd.yaml',
  'application/merge-patch+yaml',
];

/** A body that has not been read yet. */
class YamlText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Teaches Fastify our content types. An empty body is no body. */
export function acceptBodies(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>(JSON_TYPES, { parseAs: 'buffer' }, (request, bytes, done) => {
    if (bytes.length === 0) return done(null, undefined);
    if (!isUtf8(bytes)) return done(notUtf8());
    const body = bytes.toString();
    return parseJson(request, body, (error: Error | null, value?: unknown) => {
      if (error) return done(isJson(body) ? forbiddenKey(error) : error);
      const doubled = doubledKeys(body);
      done(doubled.length > 0 ? faultOf(doubled, 'The body') : null, value);
    });
  });
  fastify.addContentTypeParser<Buffer>(YAML_TYPES, { parseAs: 'buffer' }, (_request, bytes, done) => {
    if (!isUtf8(bytes)) return done(notUtf8());
    done(null, bytes.length === 0 ? undefined : new YamlText(bytes.toString()));
  });
}

/** Read all the same, wrong bytes would be stored as other characters than were sent. */
const notUtf8 = (): Fault => new Fault('InvalidArgument', 'The body is not UTF-8.');

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The parser refuses sound JSON only for keys that would change objects of this program. */
function forbiddenKey(cause: Error): Fault {
  return new Fault('UnknownField', "There is no field '__proto__', nor 'constructor', anywhere.", {}, cause);
}

/** The documents of a body: many in YAML, one, a list or a `List` in JSON. */
export function documentsOf(request: ApiRequest): Documents {
  const { body } = request;
  if (body instanceof YamlText) return expandLists(parseYamlDocuments(body.text));
  return jsonDocuments(body);
}

/** As `documentsOf`, for requests that are nothing without a body. Throws `InvalidArgument` when there is none. */
export function givenDocumentsOf(request: ApiRequest): Documents {
  requireBody(request);
  return documentsOf(request);
}

/** The one object of a body. Throws `InvalidArgument`. */
export function objectOf(request: ApiRequest): PlainObject {
  const documents = documentsOf(request);
  if (!documents.ok) throw faultOf(documents.problems, 'The body');
  const [document] = documents.documents;
  if (documents.documents.length !== 1 || !isPlainObject(document?.value))
    throw faultOf([{ pointer: '', code: 'invalid_type', message: 'The body is one object.' }], 'The body');
  request.lineOf = document.lineOf;
  return document.value;
}

/** As `bodyOf`, for requests that may come without one; undefined then. */
export function sentBody(request: ApiRequest): unknown {
  return request.body === undefined || request.body === null ? undefined : bodyOf(request);
}

/** Any JSON or YAML body that a schema will judge. */
export function bodyOf(request: ApiRequest): unknown {
  requireBody(request);
  if (request.body instanceof YamlText) return objectOf(request);
  const problem = shapeProblem(request.body, DOCUMENT_LIMITS.maxDepth);
  if (problem) throw faultOf([problem], 'The body');
  return request.body;
}

function requireBody({ body }: ApiRequest): void {
  if (body === undefined || body === null)
    throw faultOf([{ pointer: '', code: 'required', message: 'A body is required.' }], 'The body');
}
