/** What of a namespace could be given a row: machines and volumes that no row has. Asked of the cluster itself. */
import type { Kind } from '@compute/domain';
import type { KubeClient, KubeObject } from '@compute/kube-client';
import { claims, dataVolumes, virtualMachines } from '../kinds.ts';
import { diskNameOfObject, vmNameOfObject } from '../manifests/object-names.ts';
import { GENERATION_ANNOTATION, PROJECT_LABEL, rowOf } from '../manifests/ownership.ts';

export interface Candidate {
  readonly kind: Kind;
  /** As the cluster knows it: `VirtualMachine vm-instance-web`. */
  readonly object: string;
  readonly namespace: string;
  /** The name that its row would have; absent of an object whose name is no row's. */
  readonly name?: string;
  /** The uid in its labels: of a row that exists, or that existed. */
  readonly uid?: string;
  /** The project in its labels. */
  readonly project?: string;
  readonly deleting: boolean;
  /** The generation of the row that it was last written from. */
  readonly generation?: number;
  /** A DataVolume that holds its data. */
  readonly isFilled?: true;
  /** A claim whose DataVolume is gone. */
  readonly claimAlone?: true;
}

/** Absent namespace: of the whole cluster. Throws KubeError. */
export async function candidatesIn(client: KubeClient, namespace?: string): Promise<Candidate[]> {
  const place = namespace === undefined ? {} : { namespace };
  const [machines, volumes, allClaims] = await Promise.all([
    client.list(virtualMachines, place),
    client.list(dataVolumes, place),
    client.list(claims, place),
  ]);
  const withVolume = new Set(volumes.items.map(keyOf));
  const alone = allClaims.items.filter(
    (claim) => diskNameOfObject(claim.metadata.name) !== undefined && !withVolume.has(keyOf(claim)),
  );
  return [
    ...machines.items.map((object) => candidate('VMInstance', object, vmNameOfObject)),
    ...volumes.items.map((object) => ({
      ...candidate('VMDisk', object, diskNameOfObject),
      ...(object.status?.phase === 'Succeeded' ? { isFilled: true as const } : {}),
    })),
    ...alone.map((object) => ({ ...candidate('VMDisk', object, diskNameOfObject), claimAlone: true as const })),
  ];
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

function candidate(kind: Kind, { kind: type, metadata }: KubeObject, nameOf: (name: string) => string | undefined) {
  const name = nameOf(metadata.name);
  const row = rowOf({ apiVersion: '', kind: type, metadata });
  const project = metadata.labels?.[PROJECT_LABEL];
  const generation = Number(metadata.annotations?.[GENERATION_ANNOTATION] ?? Number.NaN);
  return {
    kind,
    object: `${type} ${metadata.name}`,
    namespace: metadata.namespace ?? '',
    deleting: metadata.deletionTimestamp !== undefined,
    ...(name === undefined ? {} : { name }),
    ...(row ? { uid: row.uid } : {}),
    ...(Number.isNaN(generation) ? {} : { generation }),
    ...(project === undefined ? {} : { project }),
  };
}
