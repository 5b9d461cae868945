// The annotations through which CDI's parts speak to each other on claims. They are its public surface: users and tools read them,
// so they have CDI's exact names.

const cdi = 'cdi.kubevirt.io';

export const annotation = {
  immediateBinding: `${cdi}/storage.bind.immediate.requested`,
  contentType: `${cdi}/storage.contentType`,
  createdForDataVolume: `${cdi}/createdForDataVolume`,
  usePopulator: `${cdi}/storage.usePopulator`,
  preallocationRequested: `${cdi}/storage.preallocation.requested`,
  retainPod: `${cdi}/storage.pod.retainAfterCompletion`,
  podPhase: `${cdi}/storage.pod.phase`,
  podReady: `${cdi}/storage.pod.ready`,
  podRestarts: `${cdi}/storage.pod.restarts`,
  podSchedulable: `${cdi}/storage.pod.schedulable`,
  populatorKind: `${cdi}/storage.populator.kind`,
  populatorProgress: `${cdi}/storage.populator.progress`,
  primeName: `${cdi}/storage.populator.pvcPrime`,
  source: `${cdi}/storage.import.source`,
  endpoint: `${cdi}/storage.import.endpoint`,
  secretName: `${cdi}/storage.import.secretName`,
  certConfigMap: `${cdi}/storage.import.certConfigMap`,
  extraHeaders: `${cdi}/storage.import.extraHeaders`,
  checksum: `${cdi}/storage.import.checksum`,
  importPod: `${cdi}/storage.import.importPodName`,
  requiresScratch: `${cdi}/storage.import.requiresScratch`,
  requiresDirectIo: `${cdi}/storage.import.requiresDirectIo`,
  fatalError: `${cdi}/storage.import.fatalError`,
  running: `${cdi}/storage.condition.running`,
  runningMessage: `${cdi}/storage.condition.running.message`,
  runningReason: `${cdi}/storage.condition.running.reason`,
  sourceRunning: `${cdi}/storage.condition.source.running`,
  sourceRunningMessage: `${cdi}/storage.condition.source.running.message`,
  sourceRunningReason: `${cdi}/storage.condition.source.running.reason`,
  bound: `${cdi}/storage.condition.bound`,
  boundMessage: `${cdi}/storage.condition.bound.message`,
  boundReason: `${cdi}/storage.condition.bound.reason`,
  clonePhase: `${cdi}/clonePhase`,
  cloneType: `${cdi}/cloneType`,
  cloneRequest: 'k8s.io/CloneRequest',
  cloneOf: 'k8s.io/CloneOf',
  cloneSourcePod: `${cdi}/storage.sourceClonePodName`,
  uploadPod: `${cdi}/storage.uploadPodName`,
  uploadClient: `${cdi}/uploadClientName`,
  dataSourceNamespace: `${cdi}/dataSourceNamespace`,
  allowClaimAdoption: `${cdi}/allowClaimAdoption`,
  populatedFor: `${cdi}/storage.populatedFor`,
  eventsSource: `${cdi}/events.source`,
  eventsSourceKind: `${cdi}/events.source.kind`,
  selectedNode: 'volume.kubernetes.io/selected-node',
  istioInject: 'sidecar.istio.io/inject',
  linkerdInject: 'linkerd.io/inject',
} as const;

export const label = {
  app: 'app',
  component: `${cdi}`,
  importPvcName: `${cdi}/storage.import.importPvcName`,
  cloneUniqueId: `${cdi}/storage.clone.cloneUniqeId`,
  uploadTarget: `${cdi}/uploadTarget`,
  managedBy: 'app.kubernetes.io/managed-by',
  partOf: 'app.kubernetes.io/component',
} as const;

/** Labels of everything that CDI makes. */
export const cdiLabels: Readonly<Record<string, string>> = {
  [label.app]: 'containerized-data-importer',
  [label.partOf]: 'storage',
  [label.managedBy]: 'cdi-controller',
};

/** Values to write: strings are set, undefined removes. */
export type AnnotationChanges = Record<string, string | undefined>;

/** What of the wanted values differs from what is there, as a merge patch (null removes); undefined when nothing does. */
export function annotationPatch(
  present: Record<string, string> | undefined,
  wanted: AnnotationChanges,
): Record<string, string | null> | undefined {
  const patch: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (present?.[name] === value) continue;
    patch[name] = value ?? null;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
