/** Start and stop as edits of the spec: the power field that the user wrote is the one that changes. */
import { type PlainObject, settablePart } from '@compute/contract';
import type { RunStrategy, VmInstance, VmInstanceSpec } from '@compute/domain';

/** Strategies under which a machine that is asked to start does so by itself. */
const STARTING: ReadonlySet<RunStrategy> = new Set(['Always', 'RerunOnFailure', 'Once']);

/** An edit that changes the power field alone. */
export function powered(change: (spec: VmInstanceSpec) => PlainObject): (before: VmInstance) => PlainObject {
  return (before) => ({ ...settablePart(before), spec: change(before.spec) });
}

export function started(spec: VmInstanceSpec): PlainObject {
  return withPower(spec, true, (strategy) => (STARTING.has(strategy) ? strategy : 'Always'));
}

export function stopped(spec: VmInstanceSpec): PlainObject {
  return withPower(spec, false, () => 'Halted');
}

function withPower(
  spec: VmInstanceSpec,
  running: boolean,
  strategyOf: (before: RunStrategy) => RunStrategy,
): PlainObject {
  const { runStrategy } = spec;
  if (runStrategy === undefined) return { ...spec, running };
  const strategy = { runStrategy: strategyOf(runStrategy) };
  return { ...spec, ...strategy, ...(spec.running === undefined ? {} : { running }) };
}
