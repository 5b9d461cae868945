/** What replies look like, as schemas: documentation that a test holds against real replies. */
import {
  API_KEY_SCOPES,
  API_VERSION,
  DISK_CONDITIONS,
  DISK_PHASES,
  FAULT_CODES,
  type Figure,
  IMPORT_PHASES,
  OPERATION_VERBS,
  VM_CONDITIONS,
  VM_PHASES,
  WEBHOOK_EVENT_TYPES,
} from '@compute/domain';
import { z } from 'zod';
import { vmDiskSpecSchema } from '../manifest/vm-disk-spec.ts';
import { vmInstanceSpecSchema } from '../manifest/vm-instance-spec.ts';

const time = z.iso.datetime();
const count = z.number().int().min(0);
const kind = z.enum(['VMInstance', 'VMDisk']);
const dimensions = z.record(z.string(), z.union([z.string(), z.number()]));

const span = z.strictObject({ meter: z.string(), dimensions, from: time, to: time.optional() });

const metadata = z.strictObject({
  name: z.string(),
  namespace: z.string().meta({ description: 'The project.' }),
  uid: z.uuid(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  generation: count.meta({ description: 'Counts the changes of the spec.' }),
  resourceVersion: z.string().meta({ description: 'Position of the last change in the change feed.' }),
  creationTimestamp: time,
  updateTimestamp: time.optional().meta({ description: 'When anything of it last changed.' }),
  deletionTimestamp: time.optional(),
});

const condition = <T extends readonly [string, ...string[]]>(types: T) =>
  z.strictObject({
    type: z.enum(types),
    status: z.enum(['True', 'False', 'Unknown']),
    reason: z.string().meta({ description: 'A stable word for programs.' }),
    message: z.string().meta({ description: 'A sentence for people.' }),
    lastTransitionTime: time,
    observedGeneration: count,
  });

const failure = z.strictObject({
  code: z.string().meta({ description: 'A stable word for programs; `/errors/{code}` says cause and remedy.' }),
  message: z.string(),
  remedy: z.string(),
  since: time,
  retryable: z.boolean(),
  detail: z
    .string()
    .optional()
    .meta({ description: 'The cluster’s own words; shown to keys with the scope `admin` alone.' }),
});

const share = z.number().min(0).max(1).optional();
const uptime = {
  upSeconds: z.number(),
  downSeconds: z.number(),
  excludedSeconds: z.number().meta({ description: 'In which nobody could expect it to run.' }),
  availability: share.meta({ description: 'Up as a share of up and down; absent where both are 0.' }),
  failures: count.meta({ description: 'Times that it went down.' }),
  repairs: count.meta({ description: 'Times that it came up again.' }),
  meanTimeToRepairSeconds: z.number().optional(),
};
const importOutcomes = {
  succeeded: count,
  failed: count,
  cancelled: count,
  successRate: share.meta({ description: 'Succeeded as a share of succeeded and failed; absent where both are 0.' }),
};

const vmStatus = z.strictObject({
  phase: z.enum(VM_PHASES),
  conditions: z.array(condition(VM_CONDITIONS)),
  observedGeneration: count,
  failure: failure.optional(),
  instanceType: z
    .strictObject({ name: z.string(), series: z.string(), vcpu: z.number(), memoryGib: z.number() })
    .meta({ description: 'The size as charged.' }),
  addresses: z.strictObject({ external: z.string().optional(), internal: z.array(z.string()).optional() }).optional(),
  disks: z
    .array(
      z.strictObject({
        name: z.string(),
        ready: z.boolean(),
        attached: z.boolean(),
        hotplugged: z
          .literal(true)
          .optional()
          .meta({ description: 'It came while the machine ran, and may be detached while it runs.' }),
      }),
    )
    .optional(),
  guest: z
    .strictObject({ osName: z.string().optional(), hostname: z.string().optional(), agentConnected: z.boolean() })
    .optional(),
  startedAt: time.optional(),
  restartRequired: z
    .strictObject({
      since: time,
      fields: z.array(z.string()).meta({
        description:
          'JSON pointers of the fields of the spec that the machine takes over only when it is started anew, such as `/spec/instanceType`.',
      }),
    })
    .optional(),
});

const importProgress = z.strictObject({
  phase: z.enum(IMPORT_PHASES),
  percent: z.number().min(0).max(100).optional(),
  transferredBytes: count.optional(),
  totalBytes: count.optional(),
  bytesPerSecond: z.number().optional(),
  estimatedCompletionTime: time.optional(),
  attempts: count,
  lastError: z.string().optional(),
  stalledSince: time.optional(),
});

const diskStatus = z.strictObject({
  phase: z.enum(DISK_PHASES),
  conditions: z.array(condition(DISK_CONDITIONS)),
  observedGeneration: count,
  failure: failure.optional(),
  import: importProgress.optional(),
  capacity: z.string().optional().meta({ description: 'What the cluster really gives.' }),
  attachedTo: z.array(z.string()),
});

const problemError = z.strictObject({
  pointer: z.string().meta({ description: 'JSON pointer into the body.' }),
  code: z.string(),
  detail: z.string(),
  line: count.optional().meta({ description: 'Line in a YAML body.' }),
});

const quotaEffect = z.strictObject({
  scope: z.string(),
  metric: z.string(),
  limit: z.union([z.number(), z.literal('unlimited')]),
  before: z.number(),
  after: z.number(),
});

const dryRun = z.strictObject({
  outcome: z.enum(['created', 'configured', 'unchanged', 'deleting']),
  quota: z.array(quotaEffect).meta({ description: 'The counters that would change; of a deletion, once it is done.' }),
  restartRequired: z
    .array(z.string())
    .meta({ description: 'Fields that a running machine takes over at its next start.' }),
  warnings: z.array(problemError),
});

const resource = <K extends string, S extends z.ZodType, T extends z.ZodType>(name: K, spec: S, status: T) =>
  z.strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal(name),
    metadata,
    spec,
    status,
    dryRun: dryRun.optional().meta({ description: 'Of a dry run alone: what the request would do.' }),
  });

const quotaRefusal = z.strictObject({
  metric: z.string(),
  scope: z.string(),
  limit: z.number(),
  used: z.number(),
  requested: z.number(),
  remaining: z.number(),
});

const webhook = {
  id: z.string(),
  project: z.string().optional().meta({ description: 'Absent: of every project.' }),
  url: z.string(),
  eventTypes: z.array(z.enum(WEBHOOK_EVENT_TYPES)),
  description: z.string(),
  enabled: z.boolean(),
  disabledReason: z
    .string()
    .optional()
    .meta({ description: 'Gone: the receiver answered 410. Exhausted: three days without success.' }),
  createdAt: time,
  failedAttempts: count.meta({ description: 'Of the message that could not be delivered yet.' }),
  nextAttemptAt: time.optional(),
};

const quotaLimit = z.union([z.number(), z.literal('unlimited')]);

const quotaNumber = z.strictObject({
  limit: quotaLimit,
  used: z.number().meta({ description: 'Everything that is held; what a request is judged by.' }),
  reserved: z.number().meta({ description: 'The part of `used` that nothing stands behind yet.' }),
  remaining: quotaLimit,
});

const apiKey = z.strictObject({
  id: z.string(),
  project: z.string().optional().meta({ description: 'Absent: every project.' }),
  name: z.string(),
  scopes: z.array(z.enum(API_KEY_SCOPES)),
  createdAt: time,
  expiresAt: time.optional(),
  revokedAt: time.optional(),
  lastUsedAt: time.optional(),
  rotateBy: time.meta({ description: 'When it should have been replaced; a hint.' }),
});

const spread = z.strictObject({ average: z.number(), maximum: z.number() }).nullable();
const figures = {
  cpuCores: spread,
  memoryBytes: spread,
  networkReceiveBytesPerSecond: spread,
  networkTransmitBytesPerSecond: spread,
  diskReadBytesPerSecond: spread,
  diskWriteBytesPerSecond: spread,
} satisfies Record<Figure, typeof spread>;

/** By the name of the component. */
export const VIEW_SCHEMAS = {
  VMInstance: resource('VMInstance', vmInstanceSpecSchema, vmStatus),
  VMDisk: resource('VMDisk', vmDiskSpecSchema, diskStatus),
  Problem: z.looseObject({
    type: z.string(),
    title: z.string(),
    status: count,
    detail: z.string(),
    instance: z.string(),
    code: z.enum(FAULT_CODES),
    requestId: z.string(),
    errors: z.array(problemError).optional(),
    quota: quotaRefusal.optional(),
    resource: z.strictObject({ kind: z.string(), name: z.string() }).optional(),
  }),
  ManifestResult: z.strictObject({
    index: count,
    kind: z.string().optional(),
    name: z.string().optional(),
    result: z.enum(['created', 'configured', 'unchanged', 'invalid', 'skipped']),
    warnings: z.array(problemError),
    path: z.string().optional(),
    etag: z.string().optional(),
    operation: z.string().optional(),
    resource: z.unknown().optional().meta({ description: 'The resource as it was stored.' }),
    code: z.enum(FAULT_CODES).optional(),
    detail: z.string().optional(),
    errors: z.array(problemError).optional(),
    quota: quotaRefusal.optional(),
  }),
  QuotaEffect: quotaEffect,
  Transition: z.strictObject({
    kind,
    name: z.string(),
    uid: z.uuid(),
    type: z.string().meta({ description: 'Phase, the type of a condition, Power or Charge.' }),
    from: z.string().optional(),
    to: z.string(),
    reason: z.string(),
    message: z.string(),
    actor: z.string(),
    generation: count,
    at: time,
    recordedAt: time,
    traceId: z.string().optional(),
  }),
  Availability: z.strictObject({
    from: time,
    to: time,
    machines: z.strictObject({ count, ...uptime }),
    disks: z.strictObject({ count, ...importOutcomes }),
    items: z.array(
      z.strictObject({
        kind,
        name: z.string(),
        uid: z.uuid(),
        phaseSeconds: z.record(z.string(), z.number()).meta({ description: 'Seconds in each phase, by its name.' }),
        uptime: z.strictObject(uptime).optional().meta({ description: 'Of machines.' }),
        imports: z.strictObject(importOutcomes).optional().meta({ description: 'Of disks.' }),
      }),
    ),
    nextPageToken: z.string(),
  }),
  AuditEntry: z.strictObject({
    at: time,
    actor: z.string().meta({ description: 'user:key:<id>, user:oidc:<subject> or system:<part>.' }),
    verb: z.string(),
    kind: z.string(),
    name: z.string(),
    uid: z.uuid().optional(),
    project: z.string().optional().meta({ description: 'Absent for what belongs to no project.' }),
    requestId: z.string(),
    traceId: z.string().optional(),
    face: z.string().optional().meta({ description: 'rest, grpc or kube.' }),
    address: z.string().optional(),
  }),
  Operation: z.strictObject({
    id: z.uuid(),
    project: z.string(),
    verb: z.enum(OPERATION_VERBS),
    target: z.strictObject({ kind, name: z.string(), uid: z.uuid(), generation: count }),
    done: z.boolean(),
    createdAt: time,
    doneAt: time.optional(),
    progress: z
      .strictObject({
        phase: z.string(),
        message: z.string().optional(),
        percent: z.number().optional(),
        attempts: count.optional(),
      })
      .optional()
      .meta({ description: 'How far it is; absent in lists and once it is done.' }),
    steps: z
      .array(
        z.strictObject({
          type: z.string().meta({ description: 'Phase, the type of a condition, Power or Charge.' }),
          to: z.string(),
          reason: z.string(),
          message: z.string(),
          at: time,
        }),
      )
      .optional()
      .meta({ description: 'What has happened since it began; absent in lists.' }),
    error: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        remedy: z.string().optional(),
        retryable: z.boolean().optional(),
      })
      .optional(),
    requestId: z.string(),
  }),
  Quota: z.strictObject({
    series: z.record(
      z.string(),
      z.strictObject({ instances: quotaNumber, vcpus: quotaNumber, memoryGib: quotaNumber }),
    ),
    storage: z.record(z.string(), z.strictObject({ disks: quotaNumber, storageGib: quotaNumber })),
    externalIps: quotaNumber,
  }),
  Webhook: z.strictObject(webhook),
  NewWebhook: z.strictObject({
    ...webhook,
    secret: z.string().meta({ description: 'Shown this once; empty of a dry run.' }),
  }),
  WebhookDelivery: z.strictObject({
    id: z.string(),
    messageId: z.string().meta({ description: 'The header webhook-id; the same however often it is sent.' }),
    eventType: z.string(),
    at: time,
    attempt: count,
    delivered: z.boolean(),
    status: count.optional().meta({ description: 'Absent: there was no answer.' }),
    durationMs: count,
    error: z.string().optional(),
  }),
  QuotaHolder: z.strictObject({
    kind,
    name: z.string(),
    uid: z.uuid(),
    phase: z.string(),
    createdAt: time,
    claims: z.array(z.strictObject({ scope: z.string(), metric: z.string(), held: z.number(), reserved: z.number() })),
  }),
  QuotaEvent: z.strictObject({
    id: z.string(),
    type: z.enum(['LimitChanged', 'ThresholdReached']),
    at: time,
    scope: z.string(),
    metric: z.string(),
    threshold: z.number().optional().meta({ description: 'Per cent of the limit that use has reached: 80 or 100.' }),
    limitBefore: quotaLimit.optional(),
    limit: quotaLimit,
    used: z.number(),
    source: z
      .enum(['set', 'default'])
      .meta({ description: 'Whether somebody set the limit, or it is the configured default.' }),
    actor: z.string(),
    requestId: z.string().optional(),
    traceId: z.string().optional(),
  }),
  QuotaRecount: z.strictObject({
    differences: z.array(
      z.strictObject({
        project: z.string(),
        scope: z.string(),
        metric: z.string(),
        counted: z.number().meta({ description: 'By the rows.' }),
        stored: z.number().meta({ description: 'What the counter said.' }),
      }),
    ),
    repaired: z.boolean(),
  }),
  QuotaSimulation: z.strictObject({
    fits: z.boolean().meta({ description: 'Whether every document would be accepted.' }),
    documents: z.array(
      z.strictObject({
        index: count,
        kind: z.string().optional(),
        name: z.string().optional(),
        result: z
          .enum(['fits', 'refused', 'invalid'])
          .meta({ description: '`refused`: for the quota. `invalid`: for anything else.' }),
        code: z.enum(FAULT_CODES).optional(),
        detail: z.string().optional(),
        quota: quotaRefusal.optional(),
      }),
    ),
    totals: z.array(
      z.strictObject({
        scope: z.string(),
        metric: z.string(),
        limit: quotaLimit,
        used: z.number(),
        requested: z.number().meta({ description: 'By all documents together, also those that would be refused.' }),
        remaining: quotaLimit,
        missing: z.number().meta({ description: 'By how much the limit is too small.' }),
      }),
    ),
  }),
  UsageEvent: z.strictObject({
    specversion: z.literal('1.0'),
    id: z.string(),
    source: z.string(),
    type: z.literal('compute.usage.v1'),
    subject: z.string(),
    time,
    datacontenttype: z.literal('application/json'),
    sequence: z.string().meta({ description: 'Place in the feed; consecutive.' }),
    chainposition: z.string().meta({ description: 'Place in the chain of its project; consecutive.' }),
    chainhash: z.string().meta({ description: 'SHA-256 that binds the event to all of its project before it.' }),
    data: z.strictObject({
      project: z.string(),
      meter: z.string(),
      kind,
      uid: z.uuid(),
      name: z.string(),
      dimensions,
      from: time,
      to: time,
      durationMs: z.number().int(),
      corrects: z.string().optional(),
    }),
  }),
  UsageConsumer: z.strictObject({
    name: z.string(),
    cursor: z.string().meta({ description: 'Where it goes on: the `after` of its next page.' }),
    eventsBehind: count,
    oldestUnread: time.optional().meta({ description: 'When the first event that it has not taken was recorded.' }),
    createdAt: time,
    ackedAt: time.optional(),
  }),
  UsageKeys: z.strictObject({
    keys: z.array(
      z.strictObject({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        use: z.literal('sig'),
        alg: z.literal('EdDSA'),
        kid: z.string(),
        x: z.string(),
      }),
    ),
  }),
  UsageCorrection: z.strictObject({ id: z.uuid(), corrects: z.uuid() }),
  UsageManifest: z.strictObject({
    manifest: z.strictObject({
      type: z.literal('compute.usage.export.v1'),
      project: z.string(),
      from: time,
      to: time,
      count,
      sums: z.array(z.strictObject({ meter: z.string(), events: count, durationMs: z.number().int() })),
      firstChainPosition: z.string(),
      previousHash: z.string(),
      lastChainPosition: z.string(),
      lastHash: z.string(),
      checkpoints: z.array(z.string()),
    }),
    statement: z.string().meta({ description: 'The manifest as a JWS (EdDSA).' }),
  }),
  UsageCheckpoint: z.strictObject({
    periodEnd: time,
    chainPosition: z.string(),
    chainHash: z.string(),
    statement: z.string().meta({ description: 'The same as a JWS (EdDSA).' }),
  }),
  UsageAudit: z.strictObject({
    project: z.string(),
    audited: count.meta({ description: 'Resources that were looked at.' }),
    findings: z.array(
      z.strictObject({ uid: z.uuid(), kind, name: z.string(), missing: z.array(span), surplus: z.array(span) }),
    ),
  }),
  UsageSummary: z.strictObject({
    project: z.string(),
    from: time,
    to: time,
    items: z.array(
      z.strictObject({
        meter: z.string(),
        dimensions,
        kind: kind.optional(),
        uid: z.uuid().optional(),
        name: z.string().optional(),
        periodStart: time.optional(),
        durationMs: z.number(),
        hours: z.number(),
        quantities: z.record(z.string(), z.number()),
      }),
    ),
  }),
  VMInstanceMetrics: z.strictObject({
    project: z.string(),
    name: z.string(),
    uid: z.uuid(),
    from: time,
    to: time,
    stepSeconds: z.number().int(),
    points: z
      .array(z.strictObject({ at: time, ...figures }))
      .meta({ description: 'One for each step, in order; null where nothing was measured.' }),
  }),
  InstanceType: z.strictObject({
    name: z.string(),
    series: z.string(),
    vcpu: z.number(),
    memoryGib: z.number(),
    ratio: z.number().meta({ description: 'GiB of memory for each vCPU.' }),
    available: z.boolean(),
    deprecated: z.boolean(),
  }),
  InstanceProfile: z.strictObject({
    name: z.string(),
    title: z.string(),
    os: z.enum(['linux', 'windows']),
    deprecated: z.boolean(),
    minVcpu: z.number(),
    minMemoryGib: z.number(),
  }),
  StorageClass: z.strictObject({
    name: z.string(),
    description: z.string(),
    replicated: z.boolean(),
    default: z.boolean(),
  }),
  Image: z.strictObject({ name: z.string(), minStorageGib: z.number() }),
  Project: z.strictObject({ name: z.string(), uid: z.uuid(), namespace: z.string(), createdAt: time }),
  ApiKey: apiKey,
  NewApiKey: apiKey.extend({
    secret: z.string().meta({ description: 'The key itself. Shown this once; empty in a dry run.' }),
  }),
} as const;

export type ViewName = keyof typeof VIEW_SCHEMAS;
