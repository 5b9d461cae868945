import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_SETTINGS } from '@compute/api/settings';
import { WORKER_SETTINGS } from '@compute/worker/settings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly mem_limit?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
}

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
const { services, secrets } = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
};
const OWN = { api: API_SETTINGS, worker: WORKER_SETTINGS };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'compose-'));
  copyFileSync(join(DEPLOY, 'compose/make-secrets.sh'), join(folder, 'make-secrets.sh'));
  execFileSync('sh', [join(folder, 'make-secrets.sh')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = (name: string) => readFileSync(join(folder, 'secrets', name), 'utf8').trim();

describe('one host', () => {
  it('confines every service and bounds its memory', () => {
    for (const [name, service] of Object.entries(services)) {
      expect(service, name).toMatchObject({ read_only: true, cap_drop: ['ALL'], mem_limit: expect.any(String) });
      expect(service.security_opt, name).toContain('no-new-privileges:true');
    }
  });

  it('publishes the API alone', () => {
    expect(Object.keys(services).filter((name) => services[name]?.ports)).toEqual(['api']);
  });

  it('gives each service the variables that it knows, and every secret as a file', () => {
    for (const [name, settings] of Object.entries(OWN)) {
      const known = Object.values(settings).flatMap(({ variable, fileVariable }) => [variable, fileVariable]);
      const { environment = {}, secrets: mounted = [] } = services[name] ?? {};
      expect(known, name).toEqual(expect.arrayContaining(Object.keys(environment)));
      const files = Object.values(environment).filter((value) => value.startsWith('/run/secrets/'));
      expect(files.map((path) => path.slice('/run/secrets/'.length)).sort(), name).toEqual([...mounted].sort());
    }
  });

  it('has a maker of every secret but the kubeconfig, which keeps what is there', () => {
    const made = readdirSync(join(folder, 'secrets'));
    const wanted = Object.values(secrets).map(({ file }) => file.replace('compose/secrets/', ''));
    expect([...made, 'kubeconfig']).toEqual(expect.arrayContaining(wanted));
    expect(Buffer.from(secret('secrets-key'), 'base64')).toHaveLength(32);
    expect(secret('database-url')).toContain(`:${secret('postgres-password')}@postgres:5432/`);
    expect(secret('redis.conf')).toContain('maxmemory-policy noeviction');
    const before = secret('database-url');
    execFileSync('sh', [join(folder, 'make-secrets.sh')]);
    expect(secret('database-url')).toBe(before);
  });
});
