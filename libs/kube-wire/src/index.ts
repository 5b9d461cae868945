/** The Kubernetes HTTP protocol as a server speaks it: wire layer, memory store, cluster kinds and faults. */
export { recordKindUpdate as recordUpdate } from './apply/record-update.ts';
export type { FaultCounters, FaultEffect, FaultRule } from './faults/fault-rules.ts';
export { FaultRules } from './faults/fault-rules.ts';
export { KubeApi, type KubeApiOptions } from './http/kube-api.ts';
export type { Authenticator } from './http/tokens.ts';
export { ageColumn, column, createdColumn, nameColumn, pathColumn, textAt } from './kinds/cells.ts';
export { clusterKinds } from './kinds/cluster-kinds.ts';
export { reviewRoutes } from './kinds/other-kinds.ts';
export { ComputedBackend } from './memory/computed-backend.ts';
export { MemoryStore } from './memory/memory-store.ts';
export type { Admission, AdmissionRequest, StateReader } from './protocol/admission.ts';
export { combineAdmission } from './protocol/admission.ts';
export type * from './protocol/backend.ts';
export type { FrameInterceptor, Interceptor, RequestFacts } from './protocol/interceptor.ts';
export type {
  Cell,
  KindDefinition,
  ListRule,
  MergeKeys,
  PrinterColumn,
  StoredAs,
  SubresourceDefinition,
  Verb,
} from './protocol/kind.ts';
export { apiVersionOf, KindRegistry, resourceKey } from './protocol/kind.ts';
export type { Fields, KubeObject, ManagedFieldsEntry, ObjectMeta, OwnerReference } from './protocol/kube-object.ts';
export { ObjectVersion } from './protocol/kube-object.ts';
export { formatQuantity, parseQuantity } from './protocol/quantity.ts';
export type { CustomRoute, RequestUser, RouteCall, RouteReply, UpgradeCall } from './protocol/route.ts';
export type { Schema } from './protocol/schema.ts';
export type { LabelRequirement, Selection } from './protocol/selectors.ts';
export { everything, matches, parseLabelSelector, parseSelection } from './protocol/selectors.ts';
export * from './protocol/status-error.ts';
export type { KubeServer, KubeServerOptions } from './start-kube-server.ts';
export { type Listener, type ListenOptions, listenKubeApi, startKubeServer } from './start-kube-server.ts';
export type { Certificate } from './tls/self-signed-certificate.ts';
export { selfSignedCertificate } from './tls/self-signed-certificate.ts';
