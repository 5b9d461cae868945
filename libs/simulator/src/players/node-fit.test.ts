import { describe, expect, it } from 'vitest';
import type { Node, PersistentVolume, Pod } from '../kinds.ts';
import { obstacles, requestsOf, summary } from './node-fit.ts';

const node = (name: string, changes: Partial<Node> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '2', 'devices.kubevirt.io/kvm': '1k' } },
  ...changes,
});

const pod = (resources: object, changes: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n' },
  spec: { containers: [{ name: 'c', resources }], ...changes },
});

const volume = (host: string): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'v' },
  spec: {
    capacity: {},
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [host] }] }],
      },
    },
  },
});

describe('whether a pod fits on a node', () => {
  it('adds up what containers request, and devices that are only limited', () => {
    const limits = { 'devices.kubevirt.io/kvm': '1', memory: '9Gi' };
    expect(requestsOf(pod({ requests: { cpu: '800m', memory: '1Gi' }, limits }))).toEqual({
      pods: 1,
      cpu: 0.8,
      memory: 2 ** 30,
      'devices.kubevirt.io/kvm': 1,
    });
  });

  it('counts what is used already', () => {
    const asking = pod({ requests: { cpu: '2', memory: '4Gi' } });
    expect(obstacles(asking, { node: node('a'), used: {} }, [])).toEqual([]);
    expect(obstacles(asking, { node: node('a'), used: { cpu: 3 } }, [])).toEqual(['Insufficient cpu']);
    expect(obstacles(asking, { node: node('a'), used: { memory: 5 * 2 ** 30, pods: 2 } }, [])).toEqual([
      'Too many pods',
      'Insufficient memory',
    ]);
  });

  it('refuses huge pages where there are none', () => {
    const asking = pod({ requests: { memory: '1Gi' }, limits: { 'hugepages-2Mi': '2Gi' } });
    expect(obstacles(asking, { node: node('a'), used: {} }, [])).toEqual(['Insufficient hugepages-2Mi']);
  });

  it('keeps to labels, taints and cordons', () => {
    const candidate = (changes: Partial<Node>) => ({ node: node('a', changes), used: {} });
    expect(obstacles(pod({}, { nodeSelector: { a: 'b' } }), candidate({}), [])).toEqual([
      "node(s) didn't match Pod's node affinity/selector",
    ]);
    const tainted = candidate({ spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } });
    expect(obstacles(pod({}), tainted, [])).toEqual(['node(s) had untolerated taint(s)']);
    expect(obstacles(pod({}, { tolerations: [{ key: 'k', operator: 'Exists' }] }), tainted, [])).toEqual([]);
    expect(obstacles(pod({}), candidate({ spec: { unschedulable: true } }), [])).toEqual([
      'node(s) were unschedulable',
    ]);
  });

  it.each([
    ['In', 'kubernetes.io/hostname', ['a', 'b'], true],
    ['In', 'missing', ['a'], false],
    ['NotIn', 'kubernetes.io/hostname', ['a'], false],
    ['NotIn', 'missing', ['a'], true],
    ['Exists', 'kubernetes.io/hostname', undefined, true],
    ['Exists', 'missing', undefined, false],
    ['DoesNotExist', 'missing', undefined, true],
    ['DoesNotExist', 'kubernetes.io/hostname', undefined, false],
    ['Gt', 'cores', ['3'], true],
    ['Lt', 'cores', ['3'], false],
  ])('takes %s of %s %j for %s', (operator, key, values, fits) => {
    const term = { matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] };
    const affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
    };
    const labelled = node('a', { metadata: { name: 'a', labels: { 'kubernetes.io/hostname': 'a', cores: '4' } } });
    expect(obstacles(pod({}, { affinity }), { node: labelled, used: {} }, []).length === 0).toBe(fits);
  });

  it('goes where its volumes are', () => {
    expect(obstacles(pod({}), { node: node('a'), used: {} }, [volume('a')])).toEqual([]);
    expect(obstacles(pod({}), { node: node('a'), used: {} }, [volume('b')])).toEqual([
      'node(s) had volume node affinity conflict',
    ]);
  });

  it('sums up the reasons as kube-scheduler does', () => {
    expect(
      summary([['Insufficient memory'], ['Insufficient memory', 'Insufficient cpu'], ['node(s) were unschedulable']]),
    ).toBe('0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient memory, 1 node(s) were unschedulable.');
  });
});
