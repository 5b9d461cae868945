/** One resource, looked at now instead of at its next turn. */
import { type AnyResource, Fault } from '@compute/domain';
import type { Command } from '../command.ts';
import { withStore } from '../store-call.ts';
import { targetOf } from '../target.ts';

export const reconcile: Command = {
  usage: '<kind> <project>/<name>',
  about: 'Makes a worker look at one resource now, and shows how it stands.',
  words: 2,
  options: {},
  run: async (call) => {
    const { kind, project, name } = targetOf(call);
    const resource = await withStore(call, async (store) => {
      const found = await store.get(kind, project, name);
      if (!found) throw new Fault('NotFound', `There is no ${kind} ${name} in the project ${project}.`);
      await store.wake(found.uid);
      return found;
    });
    return { json: factsOf(resource), lines: linesOf(resource) };
  },
};

function factsOf({ kind, project, name, uid, phase, phaseSince, generation, status }: AnyResource) {
  const { observedGeneration, failure } = status;
  return {
    kind,
    project,
    name,
    uid,
    phase,
    phaseSince,
    generation,
    observedGeneration,
    ...(failure ? { failure } : {}),
  };
}

function linesOf(resource: AnyResource): string[] {
  const { kind, project, name, phase, phaseSince, generation, observedGeneration, failure } = factsOf(resource);
  return [
    `${kind} ${project}/${name} waits for a look of a worker.`,
    `It is ${phase} since ${phaseSince.toISOString()}; of its ${generation} versions ${observedGeneration} were seen to.`,
    ...(failure ? [`${failure.code}: ${failure.message}`] : []),
  ];
}
