/** The addresses that Services of type LoadBalancer may get: documentation networks, which nobody routes. */

const DEFAULT_NETWORKS: readonly string[] = ['203.0.113', '198.51.100'];

/** Addresses of /24 networks given by their first three numbers, in order, without .0 and .255. */
export function addressPool(networks: readonly string[] = DEFAULT_NETWORKS): string[] {
  return networks.flatMap((network) => Array.from({ length: 254 }, (_unused, index) => `${network}.${index + 1}`));
}
