/** Everything a cluster with KubeVirt and CDI serves, as far as controllers and people of this product use it. */
import type { KindDefinition } from '../protocol/kind.ts';
import { cdiKinds } from './cdi-kinds.ts';
import { coreKinds } from './core-kinds.ts';
import { definitionKind } from './definition-kind.ts';
import { coreEventKind, eventKind } from './event-kinds.ts';
import { kubevirtKinds } from './kubevirt-kinds.ts';
import { nodeKind } from './node-kind.ts';
import { otherKinds } from './other-kinds.ts';
import { podKind } from './pod-kind.ts';
import { serviceKind } from './service-kind.ts';
import { volumeKinds } from './volume-kinds.ts';

export const clusterKinds: readonly KindDefinition[] = [
  ...coreKinds,
  podKind,
  nodeKind,
  serviceKind,
  coreEventKind,
  ...volumeKinds,
  eventKind,
  definitionKind,
  ...otherKinds,
  ...kubevirtKinds,
  ...cdiKinds,
];
