/** KubeVirt and CDI as the worker needs them: manifests of our rows, a live picture of their objects, hands to change them. */
export { type Candidate, candidatesIn } from './adopt/candidates.ts';
export type { Difference } from './adopt/differences.ts';
export { type MachineObjects, machineObjects } from './adopt/machine-objects.ts';
export { type DiskObjects, diskObjects, readDisk } from './adopt/read-disk.ts';
export { type MachineContext, readMachine, rowOfMachine, startRecordOf } from './adopt/read-machine.ts';
export { type DiskReading, isAccepted, type Loss, type MachineReading } from './adopt/reading.ts';
export { takeOverDisk, takeOverMachine } from './adopt/take-over.ts';
export { type Cluster, type ClusterOptions, openCluster } from './cluster.ts';
export { type DatabaseMark, isBehind, seenOfDatabase } from './database-witness.ts';
export type { ActionOutcome } from './execute/action-outcome.ts';
export { vmManifests } from './execute/vm-manifests.ts';
export { featureGates, type GatesOfOperator } from './inspect/feature-gates.ts';
export { missingApis } from './inspect/missing-apis.ts';
export { type ClusterRight, missingRights, type RoleRule } from './inspect/missing-rights.ts';
export {
  type CatalogueComparison,
  type CatalogueReport,
  compareCatalogue,
  type DifferingInstancetype,
} from './install-catalogue.ts';
export { renderDataVolume } from './manifests/data-volume.ts';
export { renderInstancetype } from './manifests/instancetype.ts';
export { renderNamespace } from './manifests/namespace.ts';
export type { RowRef } from './manifests/ownership.ts';
export type { DiskTarget, VmTarget } from './targets.ts';
export type { ViewHealth } from './view/cluster-view.ts';
export type { MachineUsage } from './view/machine-usage.ts';
export { diskState } from './view/observe.ts';
export { OWNED_KINDS, type OwnedObject } from './view/owned-objects.ts';
