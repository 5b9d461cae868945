/** What differs between kinds when they are written: what a spec claims, how a row begins, which disks it names. */
import type { SpecOf } from '@compute/contract';
import {
  type Catalogue,
  type Claim,
  chargeVm,
  claimOfDisk,
  claimOfVm,
  DISK_PHASES,
  diskName,
  initialDisk,
  initialVm,
  type Kind,
  type ResourceOf,
  VM_PHASES,
} from '@compute/domain';

export interface Charge<K extends Kind> {
  readonly claim: Claim;
  readonly phase: ResourceOf[K]['phase'];
  readonly status: ResourceOf[K]['status'];
  readonly attachments: readonly { readonly disk: string }[];
}

export interface KindPolicy<K extends Kind> {
  /** As the word appears in sentences and metrics. */
  readonly title: string;
  readonly phases: readonly string[];
  charge(spec: SpecOf<K>, catalogue: Catalogue): Charge<K>;
  /** The same size written differently changes nothing of the status. */
  chargedStatus(charge: Charge<K>): Partial<ResourceOf[K]['status']>;
}

export const KIND_POLICIES: { readonly [K in Kind]: KindPolicy<K> } = {
  VMInstance: {
    title: 'VMInstance',
    phases: VM_PHASES,
    charge: (spec, catalogue) => {
      const size = chargeVm(spec, catalogue);
      const attachments = spec.disks.map((entry) => ({ disk: diskName(entry) }));
      return { claim: claimOfVm(spec, size), attachments, ...initialVm(size) };
    },
    chargedStatus: ({ status }) => ({ instanceType: status.instanceType }),
  },
  VMDisk: {
    title: 'VMDisk',
    phases: DISK_PHASES,
    charge: (spec) => ({ claim: claimOfDisk(spec), attachments: [], ...initialDisk() }),
    chargedStatus: () => ({}),
  },
};
