/**
 * Two tenants of one installation. What the first one has carries a word that nobody else ever sends, so any answer to
 * another key that holds it is a leak. The second one's names are what the attack knows and may guess with.
 */
import { randomBytes } from 'node:crypto';

export interface Tenants {
  /** In every label, annotation, cloud-init and description of the first tenant; never sent by the attack. */
  readonly canary: string;
  readonly victim: string;
  readonly attacker: string;
  /** Keys that belong to the attacker's project alone, with all scopes, and with `read`. */
  readonly attackerKeys: readonly string[];
  /** Of the platform; sees everything, so it is attacked with but not asked about leaks. */
  readonly adminKey: string;
  readonly imageUrl: string;
}

/** Names that both tenants have, and one of the victim's alone. */
export const NAMES = ['web', 'system', 'data', 'only-of-the-first', 'absent'] as const;

type Send = (method: string, path: string, key: string, body?: object) => Promise<{ status: number; body: unknown }>;

export async function makeTenants(send: Send, adminKey: string, imageUrl: string): Promise<Tenants> {
  const canary = `canary${randomBytes(6).toString('hex')}`;
  const [victim, attacker] = ['first-tenant', 'second-tenant'] as const;
  const must = async (method: string, path: string, key: string, body: object): Promise<Record<string, unknown>> => {
    const reply = await send(method, path, key, body);
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body as Record<string, unknown>;
  };
  for (const name of [victim, attacker]) await must('POST', '/v1/projects', adminKey, { name });
  const keyOf = async (project: string, scopes: readonly string[]): Promise<string> => {
    const made = await must('POST', '/v1/api-keys', adminKey, { name: `${project} of the fuzz`, project, scopes });
    if (typeof made.secret !== 'string') throw new Error(`no key in ${JSON.stringify(made)}`);
    return made.secret;
  };
  for (const [project, word] of [[victim, canary] as const, [attacker, 'plain'] as const])
    for (const resource of possessions(word, imageUrl, project === victim))
      await must('POST', `/v1/projects/${project}/${resource.path}`, adminKey, resource.body);
  const attackerKeys = [await keyOf(attacker, ['admin']), await keyOf(attacker, ['read'])];
  return { canary, victim, attacker, attackerKeys, adminKey, imageUrl };
}

function possessions(word: string, url: string, hasMore: boolean): { path: string; body: object }[] {
  const metadata = (name: string) => ({ name, labels: { team: word }, annotations: { note: word } });
  const disk = (name: string) => ({
    path: 'vm-disks',
    body: {
      metadata: metadata(name),
      spec: { storage: '1Gi', ...(name === 'system' ? { source: { http: { url } } } : {}) },
    },
  });
  const machine = (name: string, disks: readonly string[]) => ({
    path: 'vm-instances',
    body: {
      metadata: metadata(name),
      spec: {
        instanceType: 'u1.medium',
        instanceProfile: 'ubuntu',
        disks,
        running: true,
        cloudInit: `#cloud-config\n# ${word}\n`,
      },
    },
  });
  const extra = hasMore ? [disk(`${word}-disk`), disk('only-of-the-first')] : [];
  return [disk('system'), disk('data'), machine('web', ['system', 'data']), ...extra];
}
