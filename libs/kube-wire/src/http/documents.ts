/** The documents that are the same for everybody: discovery, OpenAPI and the version. Rendered once per registration. */
import type { KindRegistry } from '../protocol/kind.ts';
import type { Fields } from '../protocol/kube-object.ts';
import type { CustomRoute } from '../protocol/route.ts';
import { notAcceptable } from '../protocol/status-error.ts';
import type { DiscoverySource } from './discovery.ts';
import { aggregatedDiscovery, groupDocument, groupList, resourceList } from './discovery.ts';
import { negotiate } from './negotiation.ts';
import { openApiIndex, openApiV2, openApiV3 } from './openapi.ts';
import type { Rendered } from './read-verbs.ts';

/** The version kubectl prints and gates features by; the cluster the traces were taken from. */
const serverVersion: Fields = {
  major: '1',
  minor: '35',
  gitVersion: 'v1.35.4',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-04-15T00:00:00Z',
  goVersion: 'go1.26',
  compiler: 'gc',
  platform: 'linux/amd64',
};

const aggregatedVersions = ['v2', 'v2beta1'];

export class Documents {
  readonly #kinds: KindRegistry;
  readonly #routes: CustomRoute[];
  readonly #rendered = new Map<string, Rendered>();

  constructor(kinds: KindRegistry, routes: CustomRoute[]) {
    this.#kinds = kinds;
    this.#routes = routes;
    kinds.onChange(() => this.#rendered.clear());
  }

  /** The document at a path; undefined when there is none. Throws 406. */
  find(path: string, accept: string | undefined): Rendered | undefined {
    const aggregated = path === '/api' || path === '/apis' ? aggregatedVersion(accept) : '';
    const key = `${path} ${aggregated}`;
    if (path === '/openapi/v2' && wantsProtobufOnly(accept)) return { json: BARE_DOCUMENT, contentType: BARE_TYPE };
    const known = this.#rendered.get(key);
    if (known !== undefined) return known;
    const found = this.#render(path, aggregated);
    if (found !== undefined) this.#rendered.set(key, found);
    return found;
  }

  #render(path: string, aggregated: string): Rendered | undefined {
    const source: DiscoverySource = { kinds: this.#kinds.all(), routes: this.#routes };
    if (aggregated !== '') {
      const json = JSON.stringify(aggregatedDiscovery(source, path === '/api', aggregated));
      const contentType = `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`;
      return { json, contentType };
    }
    const document = plainDocument(source, path);
    return document === undefined ? undefined : { json: JSON.stringify(document), contentType: 'application/json' };
  }
}

/** The version of aggregated discovery the client prefers over the plain form; empty when it wants the plain one. */
function aggregatedVersion(accept: string | undefined): string {
  const { transform, version } = negotiate(accept, ['discovery']);
  return transform === 'discovery' && aggregatedVersions.includes(version) ? version : '';
}

function plainDocument(source: DiscoverySource, path: string): Fields | undefined {
  const [root, first, second, third] = path.split('/').filter((step) => step !== '');
  if (root === 'version') return serverVersion;
  if (root === 'openapi' && first === 'v2') return openApiV2(source.kinds);
  if (root === 'openapi' && first === 'v3') {
    if (second === undefined) return openApiIndex(source.kinds);
    return openApiV3(source.kinds, path.replace(/^\/openapi\/v3\//, ''));
  }
  if (root === undefined)
    return {
      paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
    };
  if (third !== undefined) return undefined;
  if (root === 'api') return coreDocument(source, first);
  if (root !== 'apis') return undefined;
  if (first === undefined) return groupList(source);
  return second === undefined ? groupDocument(source, first) : resourceList(source, first, second);
}

function coreDocument(source: DiscoverySource, version: string | undefined): Fields | undefined {
  if (version !== undefined) return resourceList(source, '', version);
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '' }],
  };
}

const BARE_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** A field of a Protobuf message that is text or a message, shorter than 128 bytes. */
const field = (number: number, value: string): string => String.fromCharCode(number * 8 + 2, value.length) + value;

/**
 * OpenAPI v2 in Protobuf, for clients that read nothing else: swagger, info (title, version) and no paths. kubectl asks
 * for it before it applies a `kind: List`; it validates by itself only kinds that are described, so that it leaves all of
 * them to the server.
 */
const BARE_DOCUMENT = field(1, '2.0') + field(2, field(1, 'Kubernetes') + field(2, 'v1.35.4')) + field(8, '');

/** Throws 406 for what is neither JSON nor that. */
function wantsProtobufOnly(accept: string | undefined): boolean {
  if (accept === undefined || /\*\/\*|json(\s*[,;]|$)/.test(accept)) return false;
  if (accept.includes('com.github.proto-openapi.spec.v2')) return true;
  throw notAcceptable(['application/json']);
}
