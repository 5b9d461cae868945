/**
 * Which projects get figures of their own: the largest ones, as many as the operator allows. The rest share the name
 * `other`, so the number of series does not grow with the number of tenants, and sums over all projects stay right.
 */
import type { ResourceCount } from '@compute/store';

/** No project has this name: an underscore is not allowed in one. */
export const OTHER_PROJECTS = '_other';

/** The same counts, with at most `most` projects by name; ties go by name, so that the choice does not flicker. */
export function withLargestProjects(counts: readonly ResourceCount[], most: number): ResourceCount[] {
  const sizes = new Map<string, number>();
  for (const { project, count } of counts) sizes.set(project, (sizes.get(project) ?? 0) + count);
  const ordered = [...sizes].sort(([a, sizeOfA], [b, sizeOfB]) => sizeOfB - sizeOfA || (a < b ? -1 : 1));
  const named = new Set(ordered.slice(0, most).map(([project]) => project));
  const merged = new Map<string, ResourceCount>();
  for (const each of counts) {
    const project = named.has(each.project) ? each.project : OTHER_PROJECTS;
    const key = JSON.stringify([project, each.kind, each.phase]);
    const sum = merged.get(key);
    merged.set(key, {
      ...each,
      project,
      count: each.count + (sum?.count ?? 0),
      stuck: each.stuck + (sum?.stuck ?? 0),
    });
  }
  return [...merged.values()];
}
