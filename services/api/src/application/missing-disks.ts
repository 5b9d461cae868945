/** A machine may name disks that come later. It is accepted, waits, and its user should know. */
import { type AnyResource, diskName, type Warning } from '@compute/domain';

/** Names of the disks that a resource wants; empty for what is no machine. */
export function namedDisks(resource: AnyResource): string[] {
  return resource.kind === 'VMInstance' ? resource.spec.disks.map(diskName) : [];
}

/** One warning for each disk that a resource names and nobody knows. */
export function missingDiskWarnings(resource: AnyResource, known: ReadonlySet<string>): Warning[] {
  return namedDisks(resource).flatMap((name, index) => (known.has(name) ? [] : [missing(name, index)]));
}

const missing = (name: string, index: number): Warning => ({
  pointer: `/spec/disks/${index}`,
  code: 'disk_not_found',
  message: `Disk '${name}' does not exist yet: the machine waits for it.`,
});
