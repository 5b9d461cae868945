/** The kubeconfig file that points clients at a server. */
import { stringify } from 'yaml';

export interface KubeconfigFacts {
  url: string;
  token: string | undefined;
  /** PEM of the authority that signed the server's certificate. */
  ca: string | undefined;
}

/** YAML text of a kubeconfig with one cluster, one user and one context. */
export function kubeconfigText({ url, token, ca }: KubeconfigFacts): string {
  const trust = ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'simulated',
    clusters: [{ name: 'simulated', cluster: { server: url, ...trust } }],
    users: [{ name: 'simulated', user: token === undefined ? {} : { token } }],
    contexts: [{ name: 'simulated', context: { cluster: 'simulated', user: 'simulated', namespace: 'default' } }],
  });
}
