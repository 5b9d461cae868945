/**
 * How kubectl gets into our own API: a certificate for loopback, made once, and a kubeconfig with the stack's keys. Both
 * hold secrets and are readable by their owner alone.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { selfSignedCertificate } from '@compute/kube-wire';
import { DEMO_PROJECT, type StackKeys } from './stack-keys.ts';
import type { StateFolder } from './state-folder.ts';

/** kubectl sends no key without TLS, so there is a certificate even for loopback; it is its own authority. */
export function ensureCertificate(folder: Pick<StateFolder, 'kubeCertFile' | 'kubeKeyFile'>): void {
  if (existsSync(folder.kubeCertFile) && existsSync(folder.kubeKeyFile)) return;
  const { cert, key } = selfSignedCertificate(['127.0.0.1', 'localhost']);
  writeFileSync(folder.kubeCertFile, cert, { mode: 0o600 });
  writeFileSync(folder.kubeKeyFile, key, { mode: 0o600 });
}

/** Two contexts: `demo` (the project's key) is the present one, `admin` sees every project. */
export function writeKubeconfig(
  folder: Pick<StateFolder, 'kubeCertFile' | 'kubeconfig'>,
  server: string,
  keys: StackKeys,
): void {
  const authority = readFileSync(folder.kubeCertFile).toString('base64');
  const users = { demo: keys.apiKey, admin: keys.adminKey };
  const names = Object.keys(users);
  const context = (user: string) => ({ cluster: 'compute', user, namespace: DEMO_PROJECT });
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'demo',
    clusters: [{ name: 'compute', cluster: { server, 'certificate-authority-data': authority } }],
    users: Object.entries(users).map(([name, token]) => ({ name, user: { token } })),
    contexts: names.map((name) => ({ name, context: context(name) })),
  };
  // JSON is YAML.
  writeFileSync(folder.kubeconfig, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}
