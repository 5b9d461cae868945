/**
 * The worker's role holds what it uses and nothing more. The real server writes down each request of the worker's account;
 * at the end of the suite what was used is what is granted, and nothing was refused. So this group comes last. Afterwards each
 * rule is taken away once: what was used is refused then.
 */
import { readFileSync } from 'node:fs';
import { type ClusterRight, missingRights, type RoleRule } from '@compute/cluster';
import { type KubeObject, resourceKind } from '@compute/kube-client';
import { describe, expect, it } from 'vitest';
import { workerRole } from '../combination/open-cluster.ts';
import { notRun } from './not-run.ts';
import { refusalOf } from './refusals.ts';
import type { Stage } from './stage.ts';

interface AuditEvent {
  readonly verb: string;
  readonly objectRef?: { readonly apiGroup?: string; readonly resource: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code: number };
}

const clusterRoles = resourceKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
});

/** What no request of the suite shows: each has its reason. */
const SHOWN_ELSEWHERE = [
  // CDI's admission asks for it in a review of its own; the other case here tries it.
  'create datavolumes/source.cdi.kubevirt.io',
  // Asked only about a claim that does not bind.
  'list events',
];

export function roleCases(stage: () => Stage): void {
  describe('the role of the worker', () => {
    it('is used in whole, and nothing beyond it was asked for', (context) => {
      const events = auditOf(stage());
      if (events === undefined) return notRun(context, 'our server does not judge roles');
      const granted = new Set(grantsOf(workerRole()));
      // A server that has just started refuses what it will grant, until it has read its roles.
      const refused = events.filter(({ responseStatus }) => responseStatus?.code === 403).flatMap(usesOf);
      expect(refused.filter((use) => !granted.has(use))).toEqual([]);
      if (stage().cluster.combination.controllers === 'ours') {
        return notRun(context, 'nothing was refused, but what needs virt-api is not used here');
      }
      const used = new Set([...events.flatMap(usesOf), ...SHOWN_ELSEWHERE]);
      expect([...granted].filter((grant) => !used.has(grant)).sort(), 'granted and not used').toEqual([]);
      expect([...used].filter((use) => !granted.has(use)).sort(), 'used and not granted').toEqual([]);
    });

    it('is missed rule by rule: without one the server refuses its calls, and the doctor names them', async (context) => {
      const { server } = stage().cluster;
      if (server === undefined) return notRun(context, 'our server does not judge roles');
      const worker = server.client('worker', 'conformance');
      const role = workerRole()[0] as KubeObject & { rules: RoleRule[] };
      try {
        for (const rule of role.rules) {
          await stage().admin.mergePatch(clusterRoles, role.metadata, {
            rules: role.rules.filter((one) => one !== rule),
          });
          const missing = () => missingRights(worker, role.rules);
          await expect.poll(missing, { timeout: 10_000 }).toEqual(rightsOf(rule));
          for (const right of rightsOf(rule))
            expect(await refusalOf(worker, right), wordsOf(right)).toContain(`cannot ${right.verb} resource`);
        }
      } finally {
        await stage().admin.mergePatch(clusterRoles, role.metadata, { rules: role.rules });
        await worker.close();
      }
    });

    it('lets a disk be cloned from another namespace only with the right to its source', async (context) => {
      const { server, combination } = stage().cluster;
      if (server === undefined || combination.controllers === 'ours')
        return notRun(context, 'CDI’s admission does not run');
      const worker = server.client('worker', 'conformance');
      const dataVolumes = resourceKind<KubeObject & { spec: object }>({
        group: 'cdi.kubevirt.io',
        version: 'v1beta1',
        kind: 'DataVolume',
        plural: 'datavolumes',
        namespaced: true,
      });
      const clone = {
        apiVersion: 'cdi.kubevirt.io/v1beta1',
        kind: 'DataVolume',
        metadata: { name: 'right-to-clone', namespace: 'default' },
        spec: {
          source: { pvc: { namespace: 'kubevirt', name: 'any' } },
          storage: { resources: { requests: { storage: '1Gi' } } },
        },
      };
      const role = workerRole()[0] as KubeObject & { rules: RoleRule[] };
      const without = role.rules.filter(({ resources }) => !resources.includes('datavolumes/source'));
      const attempt = () => worker.create(dataVolumes, clone, { dryRun: true }).then(() => 'accepted', String);
      try {
        await expect.poll(attempt, { timeout: 10_000 }).toBe('accepted');
        await stage().admin.mergePatch(clusterRoles, role.metadata, { rules: without });
        await expect.poll(attempt, { timeout: 10_000 }).toContain('permissions in clone source namespace');
      } finally {
        await stage().admin.mergePatch(clusterRoles, role.metadata, { rules: role.rules });
        await worker.close();
      }
    });
  });
}

function auditOf({ cluster }: Stage): AuditEvent[] | undefined {
  if (cluster.server === undefined) return undefined;
  const lines = readFileSync(cluster.server.auditLog, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as AuditEvent);
}

/** An apply that made its object needs the right to create as well, though it is written down as a patch. */
function usesOf({ verb, objectRef, responseStatus }: AuditEvent): string[] {
  if (objectRef === undefined) return [];
  const { apiGroup = '', resource, subresource } = objectRef;
  const name = named(subresource === undefined ? resource : `${resource}/${subresource}`, apiGroup);
  const verbs = verb === 'patch' && responseStatus?.code === 201 ? ['patch', 'create'] : [verb];
  return verbs.map((each) => `${each} ${name}`);
}

function grantsOf(roles: readonly KubeObject[]): string[] {
  return roles.flatMap((role) => (role as KubeObject & { rules: RoleRule[] }).rules.flatMap(rightsOf).map(wordsOf));
}

function rightsOf({ apiGroups, resources, verbs }: RoleRule): ClusterRight[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ verb, group, resource }))),
  );
}

const wordsOf = ({ verb, group, resource }: ClusterRight): string => `${verb} ${named(resource, group)}`;
const named = (resource: string, group: string): string => (group === '' ? resource : `${resource}.${group}`);
