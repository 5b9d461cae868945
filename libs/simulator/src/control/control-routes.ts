/**
 * What can be asked of and done to a simulated cluster besides the Kubernetes API: one table, from which the index is printed too.
 */
import type { FaultRule } from '@compute/kube-wire';
import { nodes } from '../kinds.ts';
import type { GuestRule } from '../kubevirt/guest-switches.ts';
import type { PlayerSwitchState } from '../players/switches.ts';
import type { Simulator } from '../simulator.ts';
import type { TruthMeter } from '../truth/truth-intervals.ts';

export interface ControlCall {
  readonly body: () => Promise<unknown>;
  /** The rest of the path behind the route's, decoded. */
  readonly rest: string[];
  readonly query: URLSearchParams;
}

export interface ControlRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  /** Names of the path segments that may follow. */
  readonly rest?: string;
  readonly what: string;
  readonly handle: (simulator: Simulator, call: ControlCall) => unknown;
}

/** A request that cannot be understood; its message goes to the caller. */
export class BadCall extends Error {}

const LISTS = [
  'unschedulable',
  'imagePullFailures',
  'outOfMemory',
  'provisioningFailures',
  'slowProvisioning',
] as const;
const SWITCHES: readonly string[] = [...LISTS, 'lostNodes', 'downloadBytesPerSecond', 'guests', 'hugepagesMissing'];
const HUGEPAGES = ['hugepages-2Mi', 'hugepages-1Gi'] as const;

export const CONTROL_ROUTES: readonly ControlRoute[] = [
  {
    method: 'GET',
    path: '/state',
    what: 'time scale, faults with their counters, switches, addresses',
    handle: stateOf,
  },
  {
    method: 'PUT',
    path: '/time-scale',
    what: '{"timeScale": 20}: how fast cluster time passes',
    handle: async (simulator, { body }) => {
      simulator.clock.scale = Number(((await body()) as { timeScale?: number }).timeScale);
      return stateOf(simulator);
    },
  },
  {
    method: 'POST',
    path: '/faults',
    what: 'a fault between clients and the API server, e.g. {"effect": {"type": "error", "code": 500}, "verbs": ["patch"], "count": 3}; answers its id',
    handle: async (simulator, { body }) => ({ id: simulator.faults.set(faultOf(await body())) }),
  },
  {
    method: 'DELETE',
    path: '/faults',
    rest: '[/<id>]',
    what: 'ends one fault, or all',
    handle: (simulator, { rest: [id] }) => ({ cleared: simulator.faults.clear(id) }),
  },
  {
    method: 'POST',
    path: '/switches',
    what: `replaces what is named: ${SWITCHES.join(', ')}; e.g. {"unschedulable": [{"name": "web*"}], "lostNodes": ["node1"], "guests": [{"namespace": "demo", "name": "web", "ends": "Failed"}]}`,
    handle: async (simulator, { body }) => setSwitches(simulator, (await body()) as SwitchChanges),
  },
  {
    method: 'DELETE',
    path: '/switches',
    rest: '[/<name>]',
    what: 'switches one off, or all',
    handle: (simulator, { rest: [name] }) => resetSwitches(simulator, name),
  },
  {
    method: 'POST',
    path: '/pods/evict',
    what: '{"namespace": "demo", "name": "importer-…"}: the kubelet evicts the pod',
    handle: async (simulator, { body }) => {
      const { namespace, name } = (await body()) as { namespace?: string; name?: string };
      if (namespace === undefined || name === undefined) throw new BadCall('namespace and name are needed');
      await simulator.controllers.kubelet.evict(namespace, name);
      return { evicted: `${namespace}/${name}` };
    },
  },
  {
    method: 'POST',
    path: '/apiserver/away',
    what: '{"seconds": 10}: the API server does not answer for so long (real seconds)',
    handle: async (simulator, { body }) => {
      const { seconds = 10 } = (await body()) as { seconds?: number };
      return { id: simulator.faults.set({ effect: { type: 'away' }, durationMs: seconds * 1_000 }) };
    },
  },
  {
    method: 'POST',
    path: '/watch/cut',
    what: 'cuts every watch that runs, once',
    handle: (simulator) => ({
      id: simulator.faults.set({ effect: { type: 'watchCut', afterEvents: 0 }, durationMs: 50 }),
    }),
  },
  {
    method: 'POST',
    path: '/watch/expire',
    what: '{"resource": "datavolumes.cdi.kubevirt.io"}: forgets the history, so that watches end with 410 and must list again; without a resource all of them',
    handle: async (simulator, { body }) => {
      const { resource } = (await body()) as { resource?: string };
      simulator.server.store.expireHistory(resource);
      return { expired: resource ?? 'all' };
    },
  },
  {
    method: 'GET',
    path: '/truth',
    what: 'intervals of vm.exists, vmi.running, vmi.paused, pvc.exists, ip.held by the clock of the simulator; ?namespace= ?meter=',
    handle: (simulator, { query }) => {
      const namespace = query.get('namespace');
      const meter = query.get('meter') as TruthMeter | null;
      const chosen = { ...(namespace === null ? {} : { namespace }), ...(meter === null ? {} : { meter }) };
      return { now: new Date().toISOString(), intervals: simulator.truth.intervals(chosen) };
    },
  },
];

type SwitchChanges = Partial<PlayerSwitchState> & { guests?: GuestRule[]; hugepagesMissing?: boolean };

function faultOf(body: unknown): FaultRule {
  const rule = body as Partial<FaultRule>;
  if (typeof rule.effect?.type !== 'string') throw new BadCall('a fault needs an effect with a type');
  return rule as FaultRule;
}

async function setSwitches(simulator: Simulator, changes: SwitchChanges): Promise<unknown> {
  const unknown = Object.keys(changes).filter((name) => !SWITCHES.includes(name));
  if (unknown.length > 0)
    throw new BadCall(`there is no switch ${unknown.join(', ')}; there are ${SWITCHES.join(', ')}`);
  const { guests, hugepagesMissing, ...players } = changes;
  const { controllers } = simulator;
  if (guests !== undefined) {
    controllers.guests.clear();
    for (const rule of guests) controllers.guests.add(rule);
  }
  if (hugepagesMissing !== undefined) await setHugepages(simulator, !hugepagesMissing);
  controllers.switches.update(players);
  return switchesOf(simulator);
}

async function resetSwitches(simulator: Simulator, name: string | undefined): Promise<unknown> {
  const { controllers } = simulator;
  if (name !== undefined && !SWITCHES.includes(name)) throw new BadCall(`there is no switch ${name}`);
  if (name === undefined || name === 'guests') controllers.guests.clear();
  if (name === undefined || name === 'hugepagesMissing') await setHugepages(simulator, true);
  if (name === undefined) controllers.switches.reset();
  else if ((LISTS as readonly string[]).includes(name) || name === 'lostNodes')
    controllers.switches.update({ [name]: [] });
  else if (name === 'downloadBytesPerSecond') controllers.switches.update({ downloadBytesPerSecond: undefined });
  return switchesOf(simulator);
}

/** Huge pages vanish from what nodes can give; their capacity stays as the record of what was there. */
async function setHugepages({ client }: Simulator, present: boolean): Promise<void> {
  const { items } = await client.list(nodes);
  for (const { metadata, status } of items) {
    const allocatable = Object.fromEntries(
      HUGEPAGES.map((name) => [name, present ? (status?.capacity?.[name] ?? '0') : '0']),
    );
    await client.mergePatch(nodes, metadata, { status: { allocatable } }, { subresource: 'status' });
  }
}

function switchesOf({ controllers }: Simulator): unknown {
  return { ...controllers.switches.state, guests: controllers.guests.all() };
}

function stateOf(simulator: Simulator): unknown {
  const { clock, faults, url, images } = simulator;
  return { url, images: images?.url, timeScale: clock.scale, faults: faults.list(), switches: switchesOf(simulator) };
}
