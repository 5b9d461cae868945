/** Everything the faces call, put together once. */
import { hkdfSync } from 'node:crypto';
import { type CheckSettings, tokenSigner } from '@compute/contract';
import type { Catalogue } from '@compute/domain';
import type { Store, WrappingKeys } from '@compute/store';
import { recordForeignEdit } from '../kube/foreign-edits.ts';
import { Admission, type AdmissionSettings } from './admission.ts';
import { AuditService } from './audit-service.ts';
import { Authenticator } from './authenticator.ts';
import { AvailabilityService } from './availability-service.ts';
import { CatalogueService } from './catalogue-service.ts';
import { EditTurns } from './edit-turns.ts';
import { HistoryService } from './history-service.ts';
import { ManifestService } from './manifest-service.ts';
import type { OidcVerifier } from './oidc/oidc-verifier.ts';
import { OperationService } from './operation-service.ts';
import { PerformanceService } from './performance-service.ts';
import { ProjectService } from './project-service.ts';
import { QuotaService } from './quota-service.ts';
import { SourceGuard } from './source-guard.ts';
import { UsageLedgerService } from './usage-ledger-service.ts';
import { UsageService } from './usage-service.ts';
import { VmDiskService } from './vm-disk-service.ts';
import { VmInstanceService } from './vm-instance-service.ts';
import { WatchService } from './watch-service.ts';
import { WebhookService } from './webhook-service.ts';

export interface ApiParts {
  readonly admission: Admission;
  readonly audit: AuditService;
  readonly authenticator: Authenticator;
  readonly availability: AvailabilityService;
  readonly catalogue: CatalogueService;
  readonly history: HistoryService;
  readonly manifests: ManifestService;
  readonly operations: OperationService;
  readonly performance: PerformanceService;
  readonly projects: ProjectService;
  readonly quota: QuotaService;
  readonly usage: UsageService;
  readonly usageLedger: UsageLedgerService;
  readonly disks: VmDiskService;
  readonly instances: VmInstanceService;
  readonly watch: WatchService;
  readonly webhooks: WebhookService;
}

export interface ApiPartsSettings {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly allowPrivateSources: boolean;
  readonly allowPrivateWebhooks: boolean;
  readonly keys: WrappingKeys;
  readonly webhooksPerProject: number;
  readonly consumersPerProject: number;
  readonly admission: AdmissionSettings;
  /** Absent: API keys only. */
  readonly oidc?: OidcVerifier;
}

export function createApiParts(given: ApiPartsSettings): ApiParts {
  const { store, catalogue, allowPrivateSources, keys } = given;
  // Keys of their own, the same in every process: pages and cursors go on at whichever answers.
  const signer = tokenSigner(() => keys.all.map(({ bytes }) => tokenKey(bytes)));
  const settings: CheckSettings = { catalogue, allowPrivateSources };
  const sources = new SourceGuard(allowPrivateSources);
  const projects = new ProjectService(store, signer);
  const parts = { store, projects, signer };
  const authenticator = new Authenticator(store, given.oidc);
  const resources = { ...parts, sources, settings, recordEdit: recordForeignEdit, turns: new EditTurns() };
  const disks = new VmDiskService(resources);
  const instances = new VmInstanceService(resources);
  const manifests = new ManifestService(resources);
  return {
    admission: new Admission(authenticator, given.admission),
    audit: new AuditService(parts),
    authenticator,
    availability: new AvailabilityService(parts),
    catalogue: new CatalogueService(catalogue, signer),
    history: new HistoryService(parts),
    manifests,
    operations: new OperationService({ store, signer, disks }),
    performance: new PerformanceService(store, projects, instances),
    projects,
    quota: new QuotaService({ ...parts, manifests, catalogue }),
    usage: new UsageService(parts),
    usageLedger: new UsageLedgerService({ ...parts, mostConsumers: given.consumersPerProject }),
    disks,
    instances,
    watch: new WatchService(store, projects),
    webhooks: new WebhookService({
      ...parts,
      allowPrivate: given.allowPrivateWebhooks,
      mostOfProject: given.webhooksPerProject,
    }),
  };
}

function tokenKey(wrappingKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', wrappingKey, '', 'compute page tokens', 32));
}
