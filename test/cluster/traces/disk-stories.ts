/** What happens to disks, told by CDI's controllers. */
import { kinds, type Place } from './trace-stage.ts';

const SLOW = 'bytesPerSecond=2000000';

const http = (url: string) => ({ source: { http: { url } } });
const fails = (place: Place, name: string) =>
  place.until(
    kinds.dv,
    name,
    ({ status }) => status?.conditions?.some(({ reason }) => reason === 'Error') === true,
    'fails',
  );
const ended = async (place: Place, name: string) => {
  await place.remove(kinds.dv, name);
  await place.gone(kinds.pvc, name);
};

export const diskStories: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  'a disk is filled from a URL and deleted': async (place) => {
    await place.disk('d', http(place.image(`small.qcow2?bytesPerSecond=300000`)));
    await place.diskReady('d');
    await ended(place, 'd');
  },
  'a disk is made empty': async (place) => {
    await place.disk('d');
    await place.diskReady('d');
  },
  'a disk of a class that waits for a consumer is bound at once': async (place) => {
    await place.disk('d', { ...http(place.image('small.qcow2')), className: 'local' });
    await place.diskReady('d');
  },
  'the file of a disk is not there, then it is': async (place) => {
    await place.disk('d', http(place.image(`404?times=2&${place.namespace}`)));
    await fails(place, 'd');
    await place.diskReady('d');
  },
  'the host of a disk is not there, and the disk is deleted while it fails': async (place) => {
    await place.disk('d', http('http://host.invalid/disk.img'));
    await place.until(kinds.dv, 'd', ({ status }) => status?.restartCount === 1, 'was tried again');
    await ended(place, 'd');
  },
  'an image is larger than its disk': async (place) => {
    await place.disk('d', http(place.image('too-big.qcow2')));
    await fails(place, 'd');
  },
  'the checksum of an image is wrong': async (place) => {
    const checksum = `sha256:${'0'.repeat(64)}`;
    await place.disk('d', { source: { http: { url: place.image('small.qcow2'), checksum } } });
    await place.diskIs('d', 'Failed');
  },
  'no node takes the importer, then one does': async (place) => {
    place.players.switches.update({
      unschedulable: [...place.players.switches.state.unschedulable, { namespace: place.namespace }],
    });
    await place.disk('d', http(place.image('small.qcow2')));
    const waits = place.until(
      kinds.dv,
      'd',
      ({ status }) => status?.conditions?.some(({ reason }) => reason === 'Unschedulable') === true,
      'waits for a node',
    );
    await waits;
    const { unschedulable } = place.players.switches.state;
    place.players.switches.update({
      unschedulable: unschedulable.filter(({ namespace }) => namespace !== place.namespace),
    });
    await place.diskReady('d');
  },
  'a disk is a clone of another': async (place) => {
    await place.disk('origin');
    await place.diskReady('origin');
    await place.disk('copy', { source: { pvc: { namespace: place.namespace, name: 'origin' } } });
    await place.diskReady('copy');
  },
  'a disk is a clone of one that is not there': async (place) => {
    await place.disk('copy', { source: { pvc: { namespace: place.namespace, name: 'origin' } } });
    await place.until(kinds.dv, 'copy', ({ status }) => (status?.conditions ?? []).length > 0, 'was looked at');
  },
  'a disk exceeds the quota of its namespace': async (place) => {
    await place.quota({ 'requests.storage': '1Gi' });
    await place.disk('d');
    await place.until(
      kinds.dv,
      'd',
      ({ status }) => status?.conditions?.some(({ reason }) => reason === 'ErrExceededQuota') === true,
      'exceeds the quota',
    );
  },
  'a disk is deleted at once': async (place) => {
    await place.disk('d', http(place.image(`small.qcow2?${SLOW}`)));
    await ended(place, 'd');
  },
  'a disk is deleted in the middle of its download': async (place) => {
    await place.disk('d', http(place.image(`small.qcow2?bytesPerSecond=50000`)));
    await place.diskIs('d', 'ImportInProgress');
    await ended(place, 'd');
  },
  'a disk grows': async (place) => {
    await place.disk('d');
    await place.diskReady('d');
    await place.patch(kinds.pvc, 'd', { spec: { resources: { requests: { storage: '8Gi' } } } });
    await place.until(kinds.pvc, 'd', ({ status }) => status?.capacity?.storage === '8Gi', 'has grown');
  },
  'the claim of a good disk is deleted by hand': async (place) => {
    await place.disk('d');
    await place.diskReady('d');
    const uid = place.now(kinds.pvc, 'd')?.metadata.uid;
    await place.remove(kinds.pvc, 'd');
    await place.until(
      kinds.pvc,
      'd',
      ({ metadata, status }) => metadata.uid !== uid && status?.phase === 'Bound',
      'is made anew',
    );
  },
};
