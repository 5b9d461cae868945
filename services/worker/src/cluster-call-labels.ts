/** The resource of a Kubernetes request path, as a metric's label: a plural and perhaps a subresource, never a name. */
const CALL = /^\/api(?:s\/[^/?]+)?\/[^/?]+(?:\/namespaces\/[^/?]+)?\/([^/?]+)(?:\/[^/?]+\/([^/?]+))?/;
const NAMESPACE_ITSELF = /^\/api\/v1\/namespaces(?:\/[^/?]+)?(?:\?|$)/;

/** `virtualmachines`, `pods/log`, `namespaces`; `other` for discovery and the like. */
export function resourceOfPath(path: string): string {
  if (NAMESPACE_ITSELF.test(path)) return 'namespaces';
  const [, plural, subresource] = CALL.exec(path) ?? [];
  if (plural === undefined) return 'other';
  return subresource === undefined ? plural : `${plural}/${subresource}`;
}
