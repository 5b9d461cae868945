/**
 * Who speaks to the API server: a token for each, so that nobody needs impersonation. KubeVirt's admission drops what anybody
 * but its own accounts writes into a VirtualMachineInstance, so virt-api, virt-controller and whoever plays virt-handler have
 * their names.
 */
import { randomBytes } from 'node:crypto';

interface UserFacts {
  readonly name: string;
  readonly groups: readonly string[];
}

const ADMINISTRATORS = 'system:masters';

export const USERS = {
  admin: { name: 'admin', groups: [ADMINISTRATORS] },
  'virt-api': { name: 'system:serviceaccount:kubevirt:kubevirt-apiserver', groups: [ADMINISTRATORS] },
  'virt-controller': { name: 'system:serviceaccount:kubevirt:kubevirt-controller', groups: [ADMINISTRATORS] },
  'virt-handler': { name: 'system:serviceaccount:kubevirt:kubevirt-handler', groups: [ADMINISTRATORS] },
  /** What the product's worker is in a cluster: nobody, but for what its role gives it. */
  worker: {
    name: 'system:serviceaccount:compute:compute-worker',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:compute'],
  },
} as const satisfies Record<string, UserFacts>;

export type UserName = keyof typeof USERS;

/** A secret token for each user. */
export function newTokens(): Record<UserName, string> {
  const names = Object.keys(USERS) as UserName[];
  return Object.fromEntries(names.map((name) => [name, randomBytes(24).toString('hex')])) as Record<UserName, string>;
}

/** The file that kube-apiserver reads them from. */
export function tokenFile(tokens: Readonly<Record<UserName, string>>): string {
  const lines = Object.entries(USERS).map(
    ([key, { name, groups }]) => `${tokens[key as UserName]},${name},${key},"${groups.join(',')}"`,
  );
  return `${lines.join('\n')}\n`;
}

/** A kubeconfig (JSON is YAML) for one of them. `ca` is a file; without it the server speaks plain HTTP. */
export function kubeconfigFor(server: string, token: string, ca?: string): string {
  const trust = ca === undefined ? {} : { 'certificate-authority': ca };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'cluster',
    clusters: [{ name: 'cluster', cluster: { server, ...trust } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'cluster', context: { cluster: 'cluster', user: 'user' } }],
  });
}
