// Which program runs in which container: CDI's importers and cloners by their container's name, machines by theirs, and everything
// else just runs until it is told to stop.
import type { Informer } from '@compute/kube-client';
import { configMaps, type PersistentVolumeClaim, type Pod } from '../kinds.ts';
import { parseBytes } from '../kubevirt/quantity.ts';
import { claimNamesOf } from '../pod-claims.ts';
import { importImage } from './import-image.ts';
import type { PlayersContext } from './players-context.ts';
import { importComplete, stopped, type Workload, type WorkloadContext, type WorkloadExit } from './workload.ts';

const uploadTargetLabel = 'cdi.kubevirt.io/uploadTarget';
const temporaryPodAnnotation = 'kubevirt.io/ephemeral-provisioning';
const terminated: WorkloadExit = { exitCode: 143, reason: 'Error' };

export class Workloads {
  readonly #context: PlayersContext;

  constructor(context: PlayersContext) {
    this.#context = context;
  }

  /** The program of a container. */
  of(pod: Pod, containerName: string): Workload {
    if (containerName === 'importer') return (context) => this.#import(context);
    if (containerName === 'cdi-clone-source') return (context) => this.#sendClone(context);
    if (containerName === 'cdi-upload-server') return (context) => this.#receiveClone(context);
    if (pod.metadata.annotations?.[temporaryPodAnnotation] === 'true') return async () => ({ exitCode: 0 });
    return isLauncher(pod) ? (context) => this.#runMachine(context) : runForEver;
  }

  async #import(context: WorkloadContext): Promise<WorkloadExit> {
    const { environment, clock, signal, pod, progress } = context;
    const { times, switches } = this.#context;
    const url = environment.get('IMPORTER_ENDPOINT');
    if (environment.get('IMPORTER_SOURCE') !== 'http' || url === undefined) {
      await clock.after(times.blankMs, signal);
      return importComplete;
    }
    const checksum = environment.get('IMPORTER_CHECKSUM');
    const authorities = await this.#authoritiesOf(pod);
    return importImage({
      url,
      availableBytes: this.#availableBytes(pod, environment),
      hasScratch: (pod.spec.volumes ?? []).some((volume) => volume.name === 'cdi-scratch-vol'),
      source: { headers: headersOf(environment), ...(authorities === undefined ? {} : { authorities }) },
      bytesPerSecond: () => switches.state.downloadBytesPerSecond,
      convertMs: times.convertMs,
      clock,
      signal,
      progress,
      ...(checksum === undefined ? {} : { checksum }),
    });
  }

  async #authoritiesOf(pod: Pod): Promise<string[] | undefined> {
    const name = pod.spec.volumes?.find((volume) => volume.name === 'cdi-cert-vol')?.configMap?.name;
    if (name === undefined) return undefined;
    const { namespace = '' } = pod.metadata;
    const found = await this.#context.client.get(configMaps, { namespace, name });
    return Object.values(found?.data ?? {});
  }

  #availableBytes(pod: Pod, environment: ReadonlyMap<string, string>): number {
    const claimName = pod.spec.volumes?.find((volume) => volume.name === 'cdi-data-vol')?.persistentVolumeClaim
      ?.claimName;
    const claim = this.#context.claims.get(pod.metadata.namespace, claimName ?? '');
    const bytes = parseBytes(claim?.status?.capacity?.storage ?? environment.get('IMPORTER_IMAGE_SIZE') ?? '0');
    const overhead = Number(environment.get('FILESYSTEM_OVERHEAD') ?? 0);
    return claim?.spec.volumeMode === 'Block' ? bytes : Math.floor(bytes * (1 - overhead));
  }

  async #sendClone({ pod, clock, signal, progress }: WorkloadContext): Promise<WorkloadExit> {
    const [claimName = ''] = claimNamesOf(pod);
    const claim = this.#context.claims.get(pod.metadata.namespace, claimName);
    const { cloneMs, cloneBytesPerSecond } = this.#context.times;
    const durationMs = Math.max(cloneMs, (bytesOf(claim) / cloneBytesPerSecond) * 1000);
    const steps = 20;
    for (let step = 0; step < steps; step += 1) {
      progress((step / steps) * 100);
      await clock.after(durationMs / steps, signal);
    }
    return { exitCode: 0, message: 'Clone Complete' };
  }

  // The server has everything when the pod that sends has ended in order.
  async #receiveClone({ pod, signal }: WorkloadContext): Promise<WorkloadExit> {
    const sender = `${pod.metadata.labels?.[uploadTargetLabel]}-source-pod`;
    const isSender = ({ metadata, status }: Pod): boolean => metadata.name === sender && status?.phase === 'Succeeded';
    await untilSome(this.#context.pods, isSender, signal);
    return { exitCode: 0, message: JSON.stringify({ message: 'Clone Complete' }) };
  }

  // A guest that is told to stop takes its time; one whose pod nobody stops runs for ever.
  async #runMachine({ clock, signal, pod }: WorkloadContext): Promise<WorkloadExit> {
    await stopped(signal);
    const graceMs = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    await clock.after(Math.min(graceMs, this.#context.times.launcherStopMs));
    return { exitCode: 0 };
  }
}

async function runForEver({ signal }: WorkloadContext): Promise<WorkloadExit> {
  await stopped(signal);
  return terminated;
}

export function isLauncher(pod: Pod): boolean {
  return pod.metadata.labels?.['kubevirt.io'] === 'virt-launcher';
}

function bytesOf(claim: PersistentVolumeClaim | undefined): number {
  return parseBytes(claim?.status?.capacity?.storage ?? '0');
}

function headersOf(environment: ReadonlyMap<string, string>): Record<string, string> {
  const headers: Record<string, string> = {};
  const user = environment.get('IMPORTER_ACCESS_KEY_ID');
  if (user !== undefined) {
    const secret = environment.get('IMPORTER_SECRET_KEY') ?? '';
    headers.authorization = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
  }
  for (const [name, value] of environment) {
    if (!name.startsWith('IMPORTER_EXTRA_HEADER_')) continue;
    const colon = value.indexOf(':');
    if (colon > 0) headers[value.slice(0, colon).trim().toLowerCase()] = value.slice(colon + 1).trim();
  }
  return headers;
}

function untilSome(pods: Informer<Pod>, matches: (pod: Pod) => boolean, signal: AbortSignal): Promise<void> {
  if (pods.list().some(matches)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      unsubscribe();
      signal.removeEventListener('abort', abort);
      resolve();
    };
    const unsubscribe = pods.onChange(({ type, object }) => {
      if (type !== 'deleted' && matches(object)) finish();
    });
    const abort = (): void => {
      unsubscribe();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}
