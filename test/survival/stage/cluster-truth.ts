/** What the simulated cluster holds and held, read from its storage: the person who stands in the data centre. */
import type { Simulator, TruthInterval, TruthMeter } from '@compute/simulator';

const UID_LABEL = 'compute.cozystack.io/uid';

/** Resources that a row of ours may have objects of. */
const OWNED = {
  VirtualMachine: 'virtualmachines.kubevirt.io',
  VirtualMachineInstance: 'virtualmachineinstances.kubevirt.io',
  DataVolume: 'datavolumes.cdi.kubevirt.io',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  Service: 'services',
  Secret: 'secrets',
} as const;
export type OwnedKind = keyof typeof OWNED;

export interface OwnedObject {
  readonly kind: OwnedKind;
  readonly name: string;
  readonly namespace: string;
  /** Uid of our row. */
  readonly row: string;
  readonly object: Readonly<Record<string, unknown>>;
}

/** Every object that carries the uid of one of our rows. */
export function ownedObjects(simulator: Simulator, namespace?: string): OwnedObject[] {
  return Object.entries(OWNED).flatMap(([kind, resource]) =>
    simulator.server.store.list(resource).flatMap((object) => {
      const { name, namespace: where = '', labels } = object.metadata;
      const row = labels?.[UID_LABEL];
      const isOurs = row !== undefined && (namespace === undefined || namespace === where);
      return isOurs ? [{ kind: kind as OwnedKind, name, namespace: where, row, object: object as never }] : [];
    }),
  );
}

/** `Kind/name` of every object of a namespace that is ours, sorted. */
export function namesOfOwned(simulator: Simulator, namespace: string): string[] {
  return ownedObjects(simulator, namespace)
    .map(({ kind, name }) => `${kind}/${name}`)
    .sort();
}

export function truthOf(simulator: Simulator, namespace: string, meter: TruthMeter): TruthInterval[] {
  return simulator.truth.intervals({ namespace, meter });
}
