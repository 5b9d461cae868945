import { describe, expect, it } from 'vitest';
import { whole } from './image-source.ts';
import { sourceOf, stageOf } from './use-stage.ts';

const image = Buffer.alloc(20_000, 7);

describe('players and controllers at an API server that', () => {
  it.each([
    [
      'refuses one write in five',
      [{ verbs: ['create', 'update', 'patch', 'delete'], effect: { type: 'error', code: 500 } }],
    ],
    ['is overloaded now and then', [{ effect: { type: 'error', code: 429, retryAfterSeconds: 1 } }]],
    [
      'finds conflicts where there are none',
      [{ verbs: ['update', 'patch'], effect: { type: 'error', code: 409, reason: 'Conflict' } }],
    ],
    [
      'cuts connections before and after the effect',
      [{ effect: { type: 'reset', when: 'before' } }, { effect: { type: 'reset', when: 'after' } }],
    ],
    [
      'repeats and reorders what it tells',
      [{ effect: { type: 'watchDuplicate' } }, { effect: { type: 'watchReorder' } }],
    ],
    ['cuts its watches', [{ effect: { type: 'watchCut', afterEvents: 3 } }]],
  ] as const)('%s still fill a disk', async (_what, rules) => {
    const stage = await stageOf();
    const source = await sourceOf(whole(image));
    // The watch that records the story is the test's own; its kind is spared.
    const resources = [
      'persistentvolumeclaims',
      'persistentvolumes',
      'pods',
      'events',
      'volumeimportsources.cdi.kubevirt.io',
    ];
    for (const rule of rules) {
      stage.faults.set({ resources, probability: 0.2, ...rule } as Parameters<typeof stage.faults.set>[0]);
    }
    await stage.dataVolume('d', { http: { url: source.url() } });
    await stage.succeeds('d');
    expect(stage.faults.list().some(({ fired }) => fired > 0)).toBe(true);
  });

  it('forgets its history, so that everything must be listed again', async () => {
    const stage = await stageOf();
    stage.faults.set({
      resources: ['pods', 'persistentvolumeclaims'],
      effect: { type: 'watchCut', afterEvents: 0 },
      count: 2,
    });
    stage.faults.set({
      resources: ['pods', 'persistentvolumeclaims'],
      verbs: ['watch'],
      effect: { type: 'expired' },
      count: 4,
    });
    await stage.dataVolume('d', { blank: {} });
    await stage.succeeds('d');
  });
});
