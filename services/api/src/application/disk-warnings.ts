/**
 * What a user should know of the disks that a resource names: one that comes later is accepted and waited for, and a
 * machine whose only disk lies on a single node goes with that node.
 */
import {
  type AnyResource,
  type Catalogue,
  diskName,
  findStorageClass,
  type VmDisk,
  type VmInstance,
  type Warning,
} from '@compute/domain';

/** Names of the disks that a resource wants: those of a machine, or the one that a new disk is to be a copy of. */
export function namedDisks(resource: AnyResource): string[] {
  if (resource.kind === 'VMInstance') return resource.spec.disks.map(diskName);
  const source = resource.phase === 'Pending' ? resource.spec.source.disk : undefined;
  return source === undefined ? [] : [source.name];
}

/** `disks` are those of the named ones that exist. */
export function diskWarnings(resource: AnyResource, disks: readonly VmDisk[], catalogue: Catalogue): Warning[] {
  const known = new Map(disks.map((disk) => [disk.name, disk]));
  if (resource.kind !== 'VMInstance')
    return namedDisks(resource).flatMap((name) => (known.has(name) ? [] : [missingSource(name)]));
  const missing = namedDisks(resource).flatMap((name, index) => (known.has(name) ? [] : [missingDisk(name, index)]));
  return [...missing, ...singleCopy(resource, known, catalogue)];
}

const missingDisk = (name: string, index: number): Warning => ({
  pointer: `/spec/disks/${index}`,
  code: 'disk_not_found',
  message: `Disk '${name}' does not exist yet: the machine waits for it.`,
});

const missingSource = (name: string): Warning => ({
  pointer: '/spec/source/disk/name',
  code: 'disk_not_found',
  message: `Disk '${name}' does not exist yet: the copy waits for it.`,
});

/** Discs that are only read need no second copy. */
function singleCopy(vm: VmInstance, known: ReadonlyMap<string, VmDisk>, catalogue: Catalogue): Warning[] {
  const written = namedDisks(vm).flatMap((name, index) => {
    const disk = known.get(name);
    return disk?.spec.optical ? [] : [{ disk, index }];
  });
  const [only] = written;
  if (written.length !== 1 || !only?.disk) return [];
  const { name, spec } = only.disk;
  if (findStorageClass(catalogue, spec.storageClass)?.replicated !== false) return [];
  const message = `The only disk of the machine, '${name}', is kept on one node (class '${spec.storageClass}'): the machine is lost with that node.`;
  return [{ pointer: `/spec/disks/${only.index}`, code: 'single_local_disk', message }];
}
