/** The gRPC face: every service of the contract, health and reflection, on one port. */
import { readFile } from 'node:fs/promises';
import {
  AuditServiceService,
  CatalogueServiceService,
  descriptorPath,
  HistoryServiceService,
  ManifestServiceService,
  OperationsService,
  PerformanceServiceService,
  ProjectServiceService,
  QuotaServiceService,
  UsageLedgerServiceService,
  UsageServiceService,
  VmDiskServiceService,
  VmInstanceServiceService,
  WatchServiceService,
  WebhookServiceService,
} from '@compute/proto';
import { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { ApiObservation } from '../api-observation.ts';
import type { ApiParts } from '../application/api-parts.ts';
import type { CertificateFiles } from '../certificate-files.ts';
import type { AddressOf } from '../client-address.ts';
import type { OpenStreams } from '../open-streams.ts';
import { auditMethods } from './audit.service.ts';
import { Calls } from './calls.ts';
import { historyMethods } from './history.service.ts';
import { manifestMethods } from './manifests.service.ts';
import { operationMethods } from './operations.service.ts';
import { performanceMethods } from './performance.service.ts';
import { catalogueMethods, projectMethods } from './project.services.ts';
import { quotaMethods } from './quota.service.ts';
import { forgiving, readable } from './readable-requests.ts';
import { addReflection } from './reflection.ts';
import { serverCredentials } from './server-credentials.ts';
import { usageMethods } from './usage.service.ts';
import { usageLedgerMethods } from './usage-ledger.service.ts';
import { vmDiskMethods } from './vm-disk.service.ts';
import { vmInstanceMethods } from './vm-instance.service.ts';
import { watchMethods } from './watch.service.ts';
import { webhookMethods } from './webhook.service.ts';

const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
const SHUTDOWN_MS = 5_000;

export interface GrpcServerSettings {
  readonly parts: ApiParts;
  readonly streams: OpenStreams;
  readonly observation: ApiObservation;
  readonly heartbeatMs: number;
  readonly addressOf: AddressOf;
  /** Calls that one connection may have under way. */
  readonly streamsPerConnection: number;
  readonly host: string;
  readonly port: number;
  /** Absent: plain. */
  readonly certificate: CertificateFiles | undefined;
}

export interface GrpcServer {
  readonly address: string;
  /** Answers what has been asked, at most for a few seconds, and closes. */
  close(): Promise<void>;
}

export async function startGrpcServer(settings: GrpcServerSettings): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': settings.streamsPerConnection,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  addServices(server, settings);
  // Asked for one service as for the whole: they come and go together.
  const services = ['', ...(await addReflection(server, await readFile(descriptorPath())))];
  const health = new HealthImplementation(Object.fromEntries(services.map((service) => [service, 'SERVING'])));
  const unknown = { service: 'unreadable' };
  health.addToServer({
    addService: (definition, methods) => server.addService(forgiving(definition, unknown), methods),
  });
  const port = await bind(server, settings);
  return {
    address: `${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`,
    close: () => {
      for (const service of services) health.setStatus(service, 'NOT_SERVING');
      return shutDown(server);
    },
  };
}

function addServices(server: Server, settings: GrpcServerSettings): void {
  const { parts } = settings;
  const { admission, authenticator } = parts;
  const calls = new Calls({ ...settings, admission, authenticator });
  server.addService(readable(VmInstanceServiceService), vmInstanceMethods(calls, parts.instances));
  server.addService(readable(VmDiskServiceService), vmDiskMethods(calls, parts.disks));
  server.addService(readable(ManifestServiceService), manifestMethods(calls, parts.manifests));
  server.addService(readable(WatchServiceService), watchMethods(calls, parts.watch));
  server.addService(readable(UsageServiceService), usageMethods(calls, parts.usage));
  server.addService(readable(UsageLedgerServiceService), usageLedgerMethods(calls, parts.usageLedger));
  server.addService(readable(AuditServiceService), auditMethods(calls, parts));
  server.addService(readable(WebhookServiceService), webhookMethods(calls, parts));
  server.addService(readable(HistoryServiceService), historyMethods(calls, parts));
  server.addService(readable(QuotaServiceService), quotaMethods(calls, parts));
  server.addService(readable(CatalogueServiceService), catalogueMethods(calls, parts));
  server.addService(readable(PerformanceServiceService), performanceMethods(calls, parts));
  server.addService(readable(ProjectServiceService), projectMethods(calls, parts));
  server.addService(readable(OperationsService), operationMethods(calls, parts));
}

function bind(server: Server, { host, port, certificate }: GrpcServerSettings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, serverCredentials(certificate), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
}

function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), SHUTDOWN_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
