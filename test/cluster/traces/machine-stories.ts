/** What happens to machines, told by KubeVirt's controllers. */
import type { Seen } from './trace.ts';
import { kinds, type Place, type VmEnd } from './trace-stage.ts';

const template = (spec: object) => ({ spec: { template: { spec } } });
const instanceGone = (place: Place) => place.gone(kinds.vmi, 'v');

function guestEnds(place: Place, ends: VmEnd): void {
  place.players.guests.add({ namespace: place.namespace, name: 'v', ends });
}

/** Until the machine's spec was looked at as it stands. */
const observed = (place: Place, type: string, isThere: boolean) =>
  place.until(
    kinds.vm,
    'v',
    ({ status }) => (status?.conditions ?? []).some((one) => one.type === type) === isThere,
    `shows ${type}: ${isThere}`,
  );

function phaseOfVolume({ status }: Seen, volume: string): string | undefined {
  return status?.volumeStatus?.find(({ name }) => name === volume)?.phase;
}

async function switched(place: Place, list: 'unschedulable' | 'imagePullFailures' | 'outOfMemory', on: boolean) {
  const { switches } = place.players;
  const others = switches.state[list].filter(({ namespace }) => namespace !== place.namespace);
  switches.update({ [list]: on ? [...others, { namespace: place.namespace }] : others });
}

export const machineStories: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  'a machine is started, halted, started again and deleted': async (place) => {
    await place.machine('v');
    const first = await place.runs('v');
    await place.patch(kinds.vm, 'v', { spec: { runStrategy: 'Halted' } });
    await instanceGone(place);
    await place.machineIs('v', 'Stopped');
    await place.patch(kinds.vm, 'v', { spec: { runStrategy: 'Always' } });
    await place.runs('v', first);
    await place.remove(kinds.vm, 'v');
    await place.gone(kinds.vm, 'v');
  },
  'a machine is made halted and deleted': async (place) => {
    await place.machine('v', { runStrategy: 'Halted' });
    await place.machineIs('v', 'Stopped');
    await place.trace();
    await place.remove(kinds.vm, 'v');
    await place.gone(kinds.vm, 'v');
  },
  'a machine is restarted': async (place) => {
    await place.machine('v');
    const first = await place.runs('v');
    await place.call('v', 'restart');
    await place.runs('v', first);
  },
  'the incarnation of a machine is deleted by hand': async (place) => {
    await place.machine('v');
    const first = await place.runs('v');
    await place.remove(kinds.vmi, 'v');
    await place.runs('v', first);
  },
  'a guest is paused and goes on': async (place) => {
    await place.machine('v');
    await place.runs('v');
    await place.call('v', 'pause');
    await place.machineIs('v', 'Paused');
    await place.call('v', 'unpause');
    await place.machineIs('v', 'Running');
  },
  'a machine that runs is given another core, and is restarted': async (place) => {
    await place.machine('v');
    const first = await place.runs('v');
    await place.patch(kinds.vm, 'v', template({ domain: { cpu: { cores: 2 } } }));
    await observed(place, 'RestartRequired', true);
    await place.call('v', 'restart');
    await place.runs('v', first);
  },
  'a guest crashes': async (place) => {
    await place.machine('v');
    const first = await place.runs('v');
    guestEnds(place, 'Failed');
    await place.runs('v', first);
  },
  'a guest shuts itself down': async (place) => {
    await place.machine('v');
    const first = await place.runs('v');
    guestEnds(place, 'Succeeded');
    await place.runs('v', first);
  },
  'a guest that is to run until it has done its work shuts itself down, and is started again': async (place) => {
    await place.machine('v', { runStrategy: 'RerunOnFailure' });
    const first = await place.runs('v');
    guestEnds(place, 'Succeeded');
    await place.machineIs('v', 'Stopped');
    await place.trace();
    await place.call('v', 'start');
    await place.runs('v', first);
  },
  'a guest that is to run until it has done its work crashes': async (place) => {
    await place.machine('v', { runStrategy: 'RerunOnFailure' });
    const first = await place.runs('v');
    guestEnds(place, 'Failed');
    await place.runs('v', first);
  },
  'a guest that runs once shuts itself down': async (place) => {
    await place.machine('v', { runStrategy: 'Once' });
    await place.runs('v');
    guestEnds(place, 'Succeeded');
    await place.machineIs('v', 'Stopped');
  },
  'a guest that runs once crashes': async (place) => {
    await place.machine('v', { runStrategy: 'Once' });
    await place.runs('v');
    guestEnds(place, 'Failed');
    await place.machineIs('v', 'Stopped');
  },
  'a machine is started and stopped by calls': async (place) => {
    await place.machine('v', { runStrategy: 'Manual' });
    await place.machineIs('v', 'Stopped');
    await place.trace();
    await place.call('v', 'start');
    await place.runs('v');
    await place.call('v', 'stop');
    await instanceGone(place);
    await place.machineIs('v', 'Stopped');
  },
  'no node takes a machine, then one does': async (place) => {
    await switched(place, 'unschedulable', true);
    await place.machine('v');
    await place.machineIs('v', 'ErrorUnschedulable');
    await switched(place, 'unschedulable', false);
    await place.runs('v');
  },
  'the image of a launcher cannot be pulled, and the machine is deleted': async (place) => {
    await switched(place, 'imagePullFailures', true);
    await place.machine('v');
    await place.until(
      kinds.vm,
      'v',
      ({ status }) => /ImagePull/.test(status?.printableStatus ?? ''),
      'tells of its image',
    );
    await place.remove(kinds.vm, 'v');
    await place.gone(kinds.vm, 'v');
    await switched(place, 'imagePullFailures', false);
  },
  'a machine names a disk that is not there': async (place) => {
    await place.machine('v', {}, ['d']);
    await place.until(
      kinds.vm,
      'v',
      ({ status }) => /Error|Provisioning/.test(status?.printableStatus ?? ''),
      'says so',
    );
  },
  'a machine names a type that is not there': async (place) => {
    await place.machine('v', { instancetype: { kind: 'VirtualMachineClusterInstancetype', name: 'nothing' } });
    await observed(place, 'Failure', true);
  },
  'a machine exceeds the quota of pods': async (place) => {
    await place.quota({ pods: '0' });
    await place.machine('v');
    await observed(place, 'Synchronized', true);
  },
  'a machine waits for its disk, runs, and leaves it': async (place) => {
    await place.disk('d', { source: { http: { url: place.image('small.qcow2?bytesPerSecond=300000') } } });
    await place.machine('v', {}, ['d']);
    await place.diskReady('d');
    await place.runs('v');
    await place.remove(kinds.vm, 'v');
    await place.gone(kinds.vm, 'v');
  },
  'a machine waits for a disk that fails': async (place) => {
    await place.disk('d', { source: { http: { url: place.image('404') } } });
    await place.machine('v', {}, ['d']);
    await place.until(kinds.dv, 'd', ({ status }) => status?.restartCount === 1, 'was tried again');
  },
  'a disk comes to a machine that runs, and goes': async (place) => {
    await place.disk('d');
    await place.diskReady('d');
    await place.machine('v');
    await place.runs('v');
    const disk = { name: 'd', disk: { bus: 'scsi' } };
    await place.call('v', 'addvolume', { name: 'd', disk, volumeSource: { dataVolume: { name: 'd' } } });
    await place.until(kinds.vmi, 'v', (instance) => phaseOfVolume(instance, 'd') === 'Ready', 'has the disk');
    await place.call('v', 'removevolume', { name: 'd' });
    await place.until(
      kinds.vmi,
      'v',
      (instance) => phaseOfVolume(instance, 'd') === undefined,
      'has let go of the disk',
    );
  },
  'a machine is deleted at once': async (place) => {
    await place.machine('v');
    await place.remove(kinds.vm, 'v');
    await place.gone(kinds.vm, 'v');
  },
  'a machine is deleted while it starts': async (place) => {
    await place.machine('v');
    await place.until(kinds.vmi, 'v', ({ status }) => status?.phase === 'Scheduled', 'is scheduled');
    await place.remove(kinds.vm, 'v');
    await place.gone(kinds.vm, 'v');
  },
  'a machine is halted while it starts': async (place) => {
    await place.machine('v');
    await place.until(kinds.vmi, 'v', ({ status }) => status?.phase === 'Scheduled', 'is scheduled');
    await place.patch(kinds.vm, 'v', { spec: { runStrategy: 'Halted' } });
    await instanceGone(place);
    await place.machineIs('v', 'Stopped');
  },
};
