/**
 * Every metric of the product. Dashboards and alerts name them, so a name or a label here is a public interface.
 *
 * A reader could break: no label has an unbounded set of values (no uid, no resource name, no path with ids).
 */
import type { MetricDefinitions } from './metrics.ts';

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const LONG_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 1_800];

export const API_METRICS = {
  requestSeconds: {
    type: 'histogram',
    name: 'compute_request_duration_seconds',
    help: 'Time from a request to its answer, by face, route pattern or method, and outcome code',
    labels: ['face', 'route', 'code'],
    buckets: REQUEST_SECONDS,
  },
  requestsInFlight: {
    type: 'gauge',
    name: 'compute_requests_in_flight',
    help: 'Requests that are being answered now, by face',
    labels: ['face'],
  },
  watchers: {
    type: 'gauge',
    name: 'compute_watchers',
    help: 'Open change streams, by face',
    labels: ['face'],
  },
  acceptSeconds: {
    type: 'histogram',
    name: 'compute_accept_duration_seconds',
    help: 'Time from a request for a change to its acceptance, by face; refused requests are not counted',
    labels: ['face'],
    buckets: REQUEST_SECONDS,
  },
  rateLimited: {
    type: 'counter',
    name: 'compute_requests_rate_limited_total',
    help: 'Requests refused because their caller sends too many, by face',
    labels: ['face'],
  },
  feedLagSeconds: {
    type: 'histogram',
    name: 'compute_feed_lag_seconds',
    help: 'Age of a change when the watches of this process can have it; the oldest of each page',
    labels: [],
    buckets: REQUEST_SECONDS,
  },
  quotaRefusals: {
    type: 'counter',
    name: 'compute_quota_refusals_total',
    help: 'Requests refused because they would exceed a quota, by scope and metric',
    labels: ['scope', 'metric'],
  },
} as const satisfies MetricDefinitions;

export const WORKER_METRICS = {
  reconcileSeconds: {
    type: 'histogram',
    name: 'compute_reconcile_duration_seconds',
    help: 'Time of one reconciliation, by kind and outcome',
    labels: ['kind', 'outcome'],
    buckets: LONG_SECONDS,
  },
  reconcileErrors: {
    type: 'counter',
    name: 'compute_reconcile_errors_total',
    help: 'Reconciliations that failed and will be tried again, by kind and error code',
    labels: ['kind', 'code'],
  },
  queueDepth: {
    type: 'gauge',
    name: 'compute_queue_depth',
    help: 'Jobs in the queue, by state',
    labels: ['state'],
  },
  queueOldestSeconds: {
    type: 'gauge',
    name: 'compute_queue_oldest_age_seconds',
    help: 'How long the job that has waited longest has waited; 0 when none waits',
    labels: [],
  },
  relayLagSeconds: {
    type: 'histogram',
    name: 'compute_relay_lag_seconds',
    help: 'Time from the write of an outbox row to its hand-over to the queue; the oldest of each batch',
    labels: [],
    buckets: REQUEST_SECONDS,
  },
  informerStalenessSeconds: {
    type: 'gauge',
    name: 'compute_informer_staleness_seconds',
    help: 'Time since the cluster was last heard of, on the kind that is silent longest',
    labels: [],
  },
  acceptedToRunningSeconds: {
    type: 'histogram',
    name: 'compute_accepted_to_running_seconds',
    help: 'Time from the acceptance of a machine to the first time it ran',
    labels: [],
    buckets: LONG_SECONDS,
  },
  importSeconds: {
    type: 'histogram',
    name: 'compute_import_duration_seconds',
    help: 'Time from the acceptance of a disk to the end of its import, by outcome',
    labels: ['outcome'],
    buckets: LONG_SECONDS,
  },
  quotaDifferences: {
    type: 'counter',
    name: 'compute_quota_differences_total',
    help: 'Quota counters that a recount found different from the rows; anything but 0 is a bug',
    labels: [],
  },
  loopFailures: {
    type: 'counter',
    name: 'compute_background_failures_total',
    help: 'Failed runs of background loops, by loop',
    labels: ['loop'],
  },
  outboxDepth: {
    type: 'gauge',
    name: 'compute_outbox_depth',
    help: 'Entries that wait in the outbox; the same in every worker',
    labels: [],
  },
  outboxOldestSeconds: {
    type: 'gauge',
    name: 'compute_outbox_oldest_age_seconds',
    help: 'How long the entry of the outbox that has waited longest has waited; the same in every worker',
    labels: [],
  },
  usageLagSeconds: {
    type: 'gauge',
    name: 'compute_usage_publication_lag_seconds',
    help: 'How long the usage event that has waited longest for its place in the feed has waited; the same in every worker',
    labels: [],
  },
  resources: {
    type: 'gauge',
    name: 'compute_resources',
    help: 'Resources, by kind and phase; from the worker that counts them',
    labels: ['kind', 'phase'],
  },
  stuckDeletions: {
    type: 'gauge',
    name: 'compute_stuck_deletions',
    help: 'Resources whose deletion takes longer than a quarter of an hour, by kind; from the worker that counts them',
    labels: ['kind'],
  },
  projectResources: {
    type: 'gauge',
    name: 'compute_project_resources',
    help: 'Resources of the largest projects, by project and kind; _other is the sum of the rest',
    labels: ['project', 'kind'],
  },
  projectFailedResources: {
    type: 'gauge',
    name: 'compute_project_failed_resources',
    help: 'Resources in the phase Failed of the largest projects, by project and kind; _other is the sum of the rest',
    labels: ['project', 'kind'],
  },
  outboxRelayed: {
    type: 'counter',
    name: 'compute_outbox_relayed_total',
    help: 'Outbox rows handed to the queue',
    labels: [],
  },
  overdueResources: {
    type: 'gauge',
    name: 'compute_overdue_resources',
    help: 'Resources whose next look was due and that the last sweep put into the outbox',
    labels: [],
  },
  clusterTurnsWaiting: {
    type: 'gauge',
    name: 'compute_cluster_turns_waiting',
    help: 'Changes that wait in this process for their turn in the cluster',
    labels: [],
  },
  clusterTurnsPutOff: {
    type: 'counter',
    name: 'compute_cluster_turns_put_off_total',
    help: 'Looks whose changes were put off because the cluster has enough to do',
    labels: [],
  },
  clusterRequestSeconds: {
    type: 'histogram',
    name: 'compute_cluster_request_duration_seconds',
    help: 'Time of a call to the cluster, by verb, resource and status code',
    labels: ['verb', 'resource', 'code'],
    buckets: REQUEST_SECONDS,
  },
  phaseSeconds: {
    type: 'histogram',
    name: 'compute_phase_duration_seconds',
    help: 'How long resources stayed in a phase before they left it, by kind and phase',
    labels: ['kind', 'phase'],
    buckets: LONG_SECONDS,
  },
  sourceProbes: {
    type: 'counter',
    name: 'compute_source_probes_total',
    help: 'Questions to the sources of images before their import, by what came of them',
    labels: ['outcome'],
  },
  orphanedObjects: {
    type: 'gauge',
    name: 'compute_orphaned_objects',
    help: 'Objects in the cluster that carry our labels and belong to no resource, by kind of object',
    labels: ['kind'],
  },
  driftedObjects: {
    type: 'counter',
    name: 'compute_drifted_objects_total',
    help: 'Objects of ours that somebody changed in the cluster by hand, by object and what is done about it',
    labels: ['object', 'policy'],
  },
  catalogueDifferences: {
    type: 'gauge',
    name: 'compute_catalogue_differences',
    help: 'Entries of the catalogue that the cluster lacks or gives another size, by kind and problem',
    labels: ['kind', 'problem'],
  },
  machinesSampled: {
    type: 'counter',
    name: 'compute_machines_sampled_total',
    help: 'Machines whose use was written down, each once for each sample',
    labels: [],
  },
  lastSample: {
    type: 'gauge',
    name: 'compute_last_sample_timestamp_seconds',
    help: 'When what machines use was last asked of the cluster, in the process that does it; 0 in the others',
    labels: [],
  },
  usagePublished: {
    type: 'counter',
    name: 'compute_usage_events_published_total',
    help: 'Usage events that got their position in the feed',
    labels: [],
  },
} as const satisfies MetricDefinitions;
