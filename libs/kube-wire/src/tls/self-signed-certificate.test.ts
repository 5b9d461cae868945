import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { describe, expect, it } from 'vitest';
import { clusterKinds } from '../kinds/cluster-kinds.ts';
import { startKubeServer } from '../start-kube-server.ts';
import { selfSignedCertificate } from './self-signed-certificate.ts';

describe('a self-signed certificate', () => {
  it('names its hosts and verifies with its own key', () => {
    const { cert } = selfSignedCertificate(['127.0.0.1', '::1', 'localhost'], { days: 10 });
    const parsed = new X509Certificate(cert);
    expect(parsed.subjectAltName).toBe('IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:localhost');
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.ca).toBe(true);
    expect(new Date(parsed.validTo).getTime()).toBeGreaterThan(Date.now());
  });

  it('serves clients that trust it, with a token only', async () => {
    const tls = selfSignedCertificate(['127.0.0.1']);
    const user = { name: 'someone', groups: [] };
    const server = await startKubeServer({ kinds: clusterKinds, tls, tokens: { 'right-token': user } });
    const ask = (token: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = { authorization: `Bearer ${token}` };
        const call = request(`${server.url}/api/v1/namespaces`, { ca: tls.ca, headers, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        call.on('error', reject);
        call.end();
      });
    expect([await ask('right-token'), await ask('wrong-token'), await ask('')]).toEqual([200, 401, 401]);
    await server.close();
  });
});
