/**
 * Whether a running machine must be restarted before its template holds.
 *
 * Compared is what was started (the frozen revision of the VM's spec, its instance type applied) with what is wanted now.
 * Node selection applies live and is left out. vCPU and memory hot-plug are not imitated: every such change asks for a restart.
 */
import { isDeepStrictEqual } from 'node:util';
import type { VmiSpec } from './objects.ts';

/** Both specs with instance type and preference applied. */
export function isRestartRequired(started: VmiSpec, wanted: VmiSpec): boolean {
  return !isDeepStrictEqual(comparable(started), comparable(wanted));
}

function comparable(spec: VmiSpec): unknown {
  const { nodeSelector: _selector, affinity: _affinity, tolerations: _tolerations, ...rest } = spec;
  return JSON.parse(JSON.stringify(rest));
}
