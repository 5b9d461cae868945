/** The REST face as a Nest module: its controllers, and the services they call. */
import { type DynamicModule, Module } from '@nestjs/common';
import { ApiObservation } from '../api-observation.ts';
import type { ApiParts } from '../application/api-parts.ts';
import { AuditService } from '../application/audit-service.ts';
import { AvailabilityService } from '../application/availability-service.ts';
import { CatalogueService } from '../application/catalogue-service.ts';
import { HistoryService } from '../application/history-service.ts';
import { ManifestService } from '../application/manifest-service.ts';
import { OperationService } from '../application/operation-service.ts';
import { PerformanceService } from '../application/performance-service.ts';
import { ProjectService } from '../application/project-service.ts';
import { QuotaService } from '../application/quota-service.ts';
import { UsageLedgerService } from '../application/usage-ledger-service.ts';
import { UsageService } from '../application/usage-service.ts';
import { VmDiskService } from '../application/vm-disk-service.ts';
import { VmInstanceService } from '../application/vm-instance-service.ts';
import { WatchService } from '../application/watch-service.ts';
import { WebhookService } from '../application/webhook-service.ts';
import { ApiKeysController } from './api-keys.controller.ts';
import { AuditController } from './audit.controller.ts';
import { AvailabilityController } from './availability.controller.ts';
import { CatalogueController } from './catalogue.controller.ts';
import { DocumentsController } from './documents.controller.ts';
import { HealthController } from './health.controller.ts';
import { HistoryController } from './history.controller.ts';
import { ManifestsController } from './manifests.controller.ts';
import { OperationsController } from './operations.controller.ts';
import { PerformanceController } from './performance.controller.ts';
import { ProjectsController } from './projects.controller.ts';
import { QuotaController, QuotaRecountController } from './quota.controller.ts';
import { StreamSettings } from './stream-settings.ts';
import { UsageController } from './usage.controller.ts';
import { UsageLedgerController } from './usage-ledger.controller.ts';
import { VmDisksController } from './vm-disks.controller.ts';
import { VmInstancesController } from './vm-instances.controller.ts';
import { WatchController } from './watch.controller.ts';
import { WebhooksController } from './webhooks.controller.ts';

@Module({})
class RestModule {}

/** The module over services that are made already: Nest only connects them with their controllers. */
export function restModule(parts: ApiParts, streams: StreamSettings, observation: ApiObservation): DynamicModule {
  return {
    module: RestModule,
    controllers: [
      ApiKeysController,
      WebhooksController,
      AuditController,
      CatalogueController,
      DocumentsController,
      HealthController,
      AvailabilityController,
      HistoryController,
      ManifestsController,
      OperationsController,
      PerformanceController,
      ProjectsController,
      QuotaController,
      QuotaRecountController,
      UsageController,
      UsageLedgerController,
      VmDisksController,
      VmInstancesController,
      WatchController,
    ],
    providers: [
      { provide: ApiObservation, useValue: observation },
      { provide: AuditService, useValue: parts.audit },
      { provide: CatalogueService, useValue: parts.catalogue },
      { provide: AvailabilityService, useValue: parts.availability },
      { provide: HistoryService, useValue: parts.history },
      { provide: ManifestService, useValue: parts.manifests },
      { provide: OperationService, useValue: parts.operations },
      { provide: PerformanceService, useValue: parts.performance },
      { provide: ProjectService, useValue: parts.projects },
      { provide: QuotaService, useValue: parts.quota },
      { provide: StreamSettings, useValue: streams },
      { provide: UsageService, useValue: parts.usage },
      { provide: UsageLedgerService, useValue: parts.usageLedger },
      { provide: VmDiskService, useValue: parts.disks },
      { provide: VmInstanceService, useValue: parts.instances },
      { provide: WatchService, useValue: parts.watch },
      { provide: WebhookService, useValue: parts.webhooks },
    ],
  };
}
