/** Cluster addresses and node ports: the first that no service has. */
import type { StateReader } from '../protocol/admission.ts';
import { fieldsOf, listOf, readPath } from '../protocol/kube-object.ts';

const firstNodePort = 30_000;
const lastNodePort = 32_767;

/** A free address of 10.96.0.0/16, beginning behind those that clusters keep for themselves. */
export function freeClusterAddress(state: StateReader): string {
  const taken = new Set(state.list('services').map((service) => readPath(service, 'spec.clusterIP')));
  for (let number = 256; number < 65_000; number++) {
    const address = `10.96.${number >> 8}.${number & 255}`;
    if ((number & 255) !== 0 && (number & 255) !== 255 && !taken.has(address)) return address;
  }
  throw new Error('all cluster addresses are taken');
}

/** Gives out node ports nobody has, one at a time. */
export function nodePortSource(state: StateReader): () => number {
  const taken = new Set(
    state
      .list('services')
      .flatMap((service) => listOf(readPath(service, 'spec.ports')).map((port) => fieldsOf(port).nodePort)),
  );
  let next = firstNodePort;
  return () => {
    while (taken.has(next)) next++;
    if (next > lastNodePort) throw new Error('all node ports are taken');
    taken.add(next);
    return next;
  };
}
