import { describe, expect, it } from 'vitest';
import { type Seen, type Sight, traceOf } from './trace.ts';

const UID = '01234567-89ab-4def-8123-456789abcdef';
const OTHER = 'f1234567-89ab-4def-8123-456789abcdef';

function sight(kind: string, status: object, more: object = {}, isGone = false): Sight {
  const metadata = { name: 'v', namespace: 'story-1', uid: UID, ...more };
  return { kind, isGone, object: { apiVersion: 'v1', kind, metadata, status } as Seen };
}

describe('a trace', () => {
  it('is the sequence of the different values of each fact', () => {
    const sights = [
      sight('VirtualMachineInstance', { phase: '' }),
      sight('VirtualMachineInstance', { phase: 'Pending' }),
      sight('VirtualMachineInstance', {
        phase: 'Pending',
        conditions: [{ type: 'Ready', status: 'False', reason: 'No' }],
      }),
      sight('VirtualMachineInstance', { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }),
    ];
    expect(traceOf(sights, 'story-1')).toEqual({
      'VirtualMachineInstance v': {
        phase: ['-', 'Pending', 'Running'],
        'condition Ready': ['-', 'False/No', 'True'],
        life: ['-', 'here'],
      },
    });
  });

  it('counts the incarnations of a name, and shows of what is gone only that', () => {
    const sights = [
      sight('Pod', { phase: 'Running' }),
      sight('Pod', { phase: 'Failed' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      sight('Pod', { phase: 'Unknown' }, {}, true),
      sight('Pod', { phase: 'Pending' }, { uid: OTHER }),
    ];
    expect(traceOf(sights, 'story-1')).toEqual({
      'Pod v': { phase: ['-', 'Running', 'Failed'], life: ['-', 'here', 'deleting', 'gone'] },
      'Pod v (2)': { phase: ['-', 'Pending'], life: ['-', 'here'] },
    });
  });

  it('takes out of texts what differs between any two runs', () => {
    const message = `story-1/v with ${UID} at 127.0.0.1:8081 since 2026-01-01T00:00:00Z by virt-launcher-v-ab1cd`;
    const trace = traceOf(
      [sight('DataVolume', { conditions: [{ type: 'Bound', status: 'False', message }] })],
      'story-1',
    );
    expect(trace['DataVolume v']?.['condition Bound']).toEqual([
      '-',
      'False "NS/v with UID at ADDRESS since TIME by virt-launcher-v-X"',
    ]);
  });

  it('has a percent for every percent, but the last', () => {
    const told = ['N/A', '0.00%', '13.37%', '100.0%'].map((progress) => sight('DataVolume', { progress }));
    expect(traceOf(told, 'story-1')['DataVolume v']?.progress).toEqual(['-', 'N/A', 'percent', '100.0%']);
  });

  it('has each event of a controller once, and none of a player', () => {
    const event = (component: string, reason: string): Sight => {
      const involvedObject = { kind: 'Pod', name: 'v' };
      const object = { metadata: { name: 'e', namespace: 'story-1' }, type: 'Normal', reason, message: 'm' };
      return { kind: 'Event', isGone: false, object: { ...object, involvedObject, source: { component } } as Seen };
    };
    const told = [event('import-controller', 'Made'), event('import-controller', 'Made'), event('kubelet', 'Pulled')];
    expect(traceOf(told, 'story-1')).toEqual({ 'Events of Pod v': { 'Normal Made: m': ['told'] } });
  });
});
