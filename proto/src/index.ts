/**
 * The gRPC contract as TypeScript: messages with their codecs, service definitions, clients, and where the compiled
 * descriptors lie. Everything under gen/ is generated from compute/v1/*.proto; a service whose methods are not all
 * implemented does not compile, because `<Name>Server` names each of them.
 */
import { createRequire } from 'node:module';

export {
  AuditEntry,
  AuditServiceClient,
  type AuditServiceServer,
  AuditServiceService,
  ListAuditEntriesRequest,
  ListAuditEntriesResponse,
} from '../gen/compute/v1/audit_service.ts';
export {
  CatalogueServiceClient,
  type CatalogueServiceServer,
  CatalogueServiceService,
  Image,
  InstanceProfile,
  InstanceType,
  ListImagesRequest,
  ListImagesResponse,
  ListInstanceProfilesRequest,
  ListInstanceProfilesResponse,
  ListInstanceTypesRequest,
  ListInstanceTypesResponse,
  ListStorageClassesRequest,
  ListStorageClassesResponse,
  StorageClass,
} from '../gen/compute/v1/catalogue_service.ts';
export {
  HistoryServiceClient,
  type HistoryServiceServer,
  HistoryServiceService,
  ListTransitionsRequest,
  ListTransitionsResponse,
  Transition,
} from '../gen/compute/v1/history_service.ts';
export {
  ApplyManifestsRequest,
  ApplyManifestsResponse,
  ManifestOutcome,
  ManifestResult,
  ManifestServiceClient,
  type ManifestServiceServer,
  ManifestServiceService,
} from '../gen/compute/v1/manifest_service.ts';
export { OperationMetadata } from '../gen/compute/v1/operation.ts';
export {
  ApiKey,
  CreateApiKeyRequest,
  CreateApiKeyResponse,
  CreateProjectRequest,
  GetApiKeyRequest,
  GetProjectRequest,
  ListApiKeysRequest,
  ListApiKeysResponse,
  ListProjectsRequest,
  ListProjectsResponse,
  Project,
  ProjectServiceClient,
  type ProjectServiceServer,
  ProjectServiceService,
  RevokeApiKeyRequest,
} from '../gen/compute/v1/project_service.ts';
export {
  GetQuotaRequest,
  Quota,
  QuotaLimit,
  QuotaNumber,
  QuotaServiceClient,
  type QuotaServiceServer,
  QuotaServiceService,
  SeriesLimits,
  SeriesQuota,
  StorageLimits,
  StorageQuota,
  UpdateQuotaRequest,
} from '../gen/compute/v1/quota_service.ts';
export {
  ChargedSize,
  CloneSource,
  Condition,
  ConditionStatus,
  DiskBus,
  DiskEntry,
  DiskPhase,
  DiskSource,
  DryRunReport,
  ExternalMethod,
  Failure,
  HttpSource,
  ImageSource,
  ImportPhase,
  ImportProgress,
  QuotaEffect,
  ResourceMetadata,
  RestartRequired,
  RunStrategy,
  VmAddresses,
  VmDisk,
  VmDiskAttachment,
  VmDiskSpec,
  VmDiskStatus,
  VmGuest,
  VmInstance,
  VmInstanceSpec,
  VmInstanceStatus,
  VmPhase,
  VmResources,
} from '../gen/compute/v1/resources.ts';
export {
  GetUsageSummaryRequest,
  ListUsageEventsRequest,
  ListUsageEventsResponse,
  StreamUsageEventsRequest,
  StreamUsageEventsResponse,
  UsageEvent,
  UsageServiceClient,
  type UsageServiceServer,
  UsageServiceService,
  UsageSummary,
  UsageSummaryRow,
} from '../gen/compute/v1/usage_service.ts';
export {
  CancelVmDiskRequest,
  CreateVmDiskRequest,
  DeleteVmDiskRequest,
  GetVmDiskRequest,
  ListVmDisksRequest,
  ListVmDisksResponse,
  RetryVmDiskRequest,
  UpdateVmDiskRequest,
  VmDiskServiceClient,
  type VmDiskServiceServer,
  VmDiskServiceService,
} from '../gen/compute/v1/vm_disk_service.ts';
export {
  CreateVmInstanceRequest,
  DeleteVmInstanceRequest,
  GetVmInstanceRequest,
  ListVmInstancesRequest,
  ListVmInstancesResponse,
  PauseVmInstanceRequest,
  RestartVmInstanceRequest,
  StartVmInstanceRequest,
  StopVmInstanceRequest,
  UnpauseVmInstanceRequest,
  UpdateVmInstanceRequest,
  VmInstanceServiceClient,
  type VmInstanceServiceServer,
  VmInstanceServiceService,
} from '../gen/compute/v1/vm_instance_service.ts';
export {
  ChangeType,
  WatchRequest,
  WatchResponse,
  WatchServiceClient,
  type WatchServiceServer,
  WatchServiceService,
} from '../gen/compute/v1/watch_service.ts';
export {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  ListOperationsResponse,
  Operation,
  OperationsClient,
  type OperationsServer,
  OperationsService,
  WaitOperationRequest,
} from '../gen/google/longrunning/operations.ts';
export { Any } from '../gen/google/protobuf/any.ts';
export {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
} from '../gen/google/rpc/error_details.ts';
export { Status } from '../gen/google/rpc/status.ts';

/** Path of the FileDescriptorSet of all services, for reflection. */
export function descriptorPath(): string {
  return createRequire(import.meta.url).resolve('@compute/proto/descriptor.binpb');
}
