/** Connects the reconcile loop with the store, the cluster, the progress batches and the metrics. */
import type { ImportPolicy } from '@compute/domain';
import type { Poke } from '@compute/queue';
import type { Tracer } from '@compute/runtime';
import { between } from '../fault-points.ts';
import { ProgressFlusher } from '../import-progress/progress-flusher.ts';
import { probeSource } from '../source-probe/probe-source.ts';
import { SourceProbes } from '../source-probe/source-probes.ts';
import type { WorkerParts } from '../start-worker.ts';
import type { WorkerConfig } from '../worker-config.ts';
import { ClusterPace } from './cluster-pace.ts';
import { Outage } from './outage.ts';
import { createPokeHandler } from './poke-handler.ts';
import { ProjectNamespaces } from './project-namespaces.ts';
import type { LoopPorts } from './reconcile.ts';
import { createReconcilers } from './reconcilers.ts';

const PROGRESS_WINDOW_MS = 300;

export interface Reconciliation {
  readonly handler: (poke: Poke) => Promise<void>;
  readonly progress: ProgressFlusher;
  readonly probes: SourceProbes;
  readonly outage: Outage;
}

export function openReconciliation(parts: WorkerParts, onProgressError: (error: unknown) => void): Reconciliation {
  const { store, cluster, config, points, metrics, logger, pace, tracer } = parts;
  const probes = openProbes(parts);
  const progress = new ProgressFlusher({
    windowMs: PROGRESS_WINDOW_MS,
    write: (entries) => between(points, 'progress:write', () => store.progress(entries)),
    onError: onProgressError,
  });
  const clusterPace = new ClusterPace(config.clusterChangesPerSecond);
  metrics.measureTurns(() => clusterPace.waiting);
  const ports: LoopPorts = {
    rows: store,
    retry: pace.retry,
    pace: clusterPace,
    points,
    progress,
    ...(tracer.isOn ? { within: spanWithin(tracer) } : {}),
    onSentBack: () => metrics.instruments.clusterTurnsPutOff.inc(),
    onPhase: (before, phase) => metrics.phaseChanged(before, phase),
    onFailed: (_row, { code, message, detail }) =>
      logger.event('resource.failed', { code, failure: message, clusterMessage: detail }),
    onFailure: (kind, action, failure, cause) => {
      if (failure.kind === 'busy') return metrics.instruments.clusterTurnsPutOff.inc();
      const code = failure.kind === 'refused' ? 'Refused' : failure.code;
      metrics.failed(kind, code);
      logger.event('cluster.action-failed', { action, code, err: cause });
    },
  };
  const reconcilers = createReconcilers({
    ...ports,
    store,
    cluster,
    namespaces: new ProjectNamespaces((project) => store.project(project)),
    importPolicy: importPolicyOf(config),
    driftPolicy: config.driftPolicy,
    onDrift: (_row, changed) => {
      for (const object of changed) metrics.instruments.driftedObjects.inc({ object, policy: config.driftPolicy });
      logger.event('drift.found', { changed, policy: config.driftPolicy });
    },
    ...(config.sourceProbe === 'on' ? { probes } : {}),
  });
  const outage = new Outage(pace.retry);
  const handler = createPokeHandler({ reconcilers, store, retry: pace.retry, outage, metrics, logger, tracer });
  return { handler, progress, probes, outage };
}

/** Steps of a look as spans below it. */
function spanWithin(tracer: Tracer): NonNullable<LoopPorts['within']> {
  return (step, work) => tracer.within(step, { kind: 'internal' }, work);
}

function openProbes({ config, queue, metrics, logger }: WorkerParts): SourceProbes {
  return new SourceProbes({
    probe: (url, signal) => probeSource(url, { allowPrivate: config.allowPrivateSources, signal }),
    onAnswer: ({ uid }, finding) => {
      metrics.instruments.sourceProbes.inc({ outcome: finding.state });
      // A poke that does not get through is no loss: the disk is due again within seconds.
      queue.send([{ kind: 'VMDisk', uid }]).catch((err: unknown) => logger.event('queue.trouble', { err }));
    },
  });
}

function importPolicyOf(config: WorkerConfig): ImportPolicy {
  return {
    stalledMs: config.importStalledSeconds * 1_000,
    unstartedMs: config.importUnstartedSeconds * 1_000,
    totalMs: config.importTotalSeconds * 1_000,
    unreachableAttempts: config.importUnreachableAttempts,
    transientAttempts: config.importTransientAttempts,
  };
}
