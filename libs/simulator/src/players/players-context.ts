// What every player works with.
import type { Informer, KubeClient, KubeObject } from '@compute/kube-client';
import type { Clock } from '../clock.ts';
import { EventRecorder } from '../event-recorder.ts';
import { InformerIndex } from '../informer-index.ts';
import type { InformerSet } from '../informer-set.ts';
import {
  type Node,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type StorageClass,
  storageClasses,
} from '../kinds.ts';
import { claimKeysOf, claimNamesOf, keyOf } from '../pod-claims.ts';
import type { PlayerTimes } from './player-times.ts';
import type { PlayerSwitches, SwitchTarget } from './switches.ts';

export interface PlayerOptions {
  client: KubeClient;
  clock: Clock;
  /** Not started yet; whoever made it starts it after all parts were made. */
  informers: InformerSet;
  switches: PlayerSwitches;
  times?: Partial<PlayerTimes>;
  /** First half of the addresses of pods, `10.244` by default. */
  podNetwork?: string;
  onError: (error: unknown) => void;
}

export class PlayersContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly switches: PlayerSwitches;
  readonly times: PlayerTimes;
  readonly podNetwork: string;
  readonly onError: (error: unknown) => void;
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
  readonly #podsByClaim: InformerIndex<Pod>;

  constructor(options: Omit<PlayerOptions, 'times'> & { times: PlayerTimes }) {
    this.client = options.client;
    this.clock = options.clock;
    this.switches = options.switches;
    this.times = options.times;
    this.podNetwork = options.podNetwork ?? '10.244';
    this.onError = options.onError;
    this.nodes = options.informers.of(nodes);
    this.pods = options.informers.of(pods);
    this.claims = options.informers.of(persistentVolumeClaims);
    this.volumes = options.informers.of(persistentVolumes);
    this.classes = options.informers.of(storageClasses);
    this.#podsByClaim = new InformerIndex(this.pods, claimKeysOf);
  }

  recorder(component: string): EventRecorder {
    return new EventRecorder(this.client, component, this.onError);
  }

  /** The names by which a rule may mean a claim: its own and that of the claim it is filled for. */
  claimTarget(claim: PersistentVolumeClaim): SwitchTarget {
    const { name, namespace = '' } = claim.metadata;
    const filledFor = claim.metadata.annotations?.['cdi.kubevirt.io/events.source']?.split('/')[1];
    return { namespace, names: [name, ...ownerNames(claim), ...(filledFor === undefined ? [] : [filledFor])] };
  }

  /** The names by which a rule may mean a pod: its own, its owner's, its machine's, and those of its claims. */
  podTarget(pod: Pod): SwitchTarget {
    const { name, namespace = '', labels } = pod.metadata;
    const machine = labels?.['vm.kubevirt.io/name'];
    const claims = claimNamesOf(pod).flatMap((claimName) => {
      const claim = this.claims.get(namespace, claimName);
      return claim === undefined ? [claimName] : this.claimTarget(claim).names;
    });
    return { namespace, names: [name, ...ownerNames(pod), ...(machine === undefined ? [] : [machine]), ...claims] };
  }

  /** Pods that use a claim, finished ones included. */
  podsUsing(claim: PersistentVolumeClaim): Pod[] {
    return this.#podsByClaim.get(keyOf(claim));
  }

  waitsForConsumer(claim: PersistentVolumeClaim): boolean {
    const storageClass = this.classes.get(undefined, claim.spec.storageClassName ?? '');
    return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  }
}

function ownerNames(object: KubeObject): string[] {
  return (object.metadata.ownerReferences ?? []).map((reference) => reference.name);
}
