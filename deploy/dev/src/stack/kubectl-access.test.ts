import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureCertificate, writeKubeconfig } from './kubectl-access.ts';

let path: string;
beforeAll(() => {
  path = mkdtempSync(join(tmpdir(), 'kubectl-access-'));
});
afterAll(() => rmSync(path, { recursive: true }));

const folder = () => ({
  kubeCertFile: join(path, 'kube.crt'),
  kubeKeyFile: join(path, 'kube.key'),
  kubeconfig: join(path, 'kubeconfig'),
});

test('the certificate is made once, for loopback, and its key is for its owner alone', () => {
  ensureCertificate(folder());
  const made = readFileSync(folder().kubeCertFile, 'utf8');
  ensureCertificate(folder());
  expect(readFileSync(folder().kubeCertFile, 'utf8')).toBe(made);
  const certificate = new X509Certificate(made);
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(statSync(folder().kubeKeyFile).mode & 0o077).toBe(0);
});

test('the kubeconfig holds both keys, trusts the certificate and is for its owner alone', () => {
  ensureCertificate(folder());
  writeKubeconfig(folder(), 'https://127.0.0.1:8443', { apiKey: 'vmk_a_b', adminKey: 'vmk_c_d' });
  const config = JSON.parse(readFileSync(folder().kubeconfig, 'utf8'));
  expect(config['current-context']).toBe('demo');
  expect(config.users).toEqual([
    { name: 'demo', user: { token: 'vmk_a_b' } },
    { name: 'admin', user: { token: 'vmk_c_d' } },
  ]);
  const authority = Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64').toString();
  expect(authority).toBe(readFileSync(folder().kubeCertFile, 'utf8'));
  expect(statSync(folder().kubeconfig).mode & 0o077).toBe(0);
});
