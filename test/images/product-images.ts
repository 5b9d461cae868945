/** Builds the three images from what git knows of this checkout, as a machine that just cloned it would. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from './commands.ts';
import type { Engine } from './engine.ts';
import { type Bases, makeLocalBases } from './local-bases.ts';

export const TARGETS = ['api', 'worker', 'migrations'] as const;
export type Target = (typeof TARGETS)[number];

export interface BuiltImage {
  readonly tag: string;
  readonly megabytes: number;
}

export type ProductImages = Readonly<Record<Target, BuiltImage>>;

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BUILD_WITHIN_MS = 15 * 60_000;
/** Of the usual distributions: what a machine trusts besides what Node brings. */
const SYSTEM_CERTIFICATES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];

/** Throws with the end of the build's output when one does not build. */
export async function buildImages(engine: Engine, folder: string, revision: string): Promise<ProductImages> {
  const bases = await findBases(engine, folder);
  const context = await copyCheckout(join(folder, 'context'));
  for (const target of TARGETS) await build(engine, { target, tag: tagOf(target), context, bases, revision });
  rmSync(context, { recursive: true });
  return builtImages(engine);
}

/** The images that an earlier run left in an engine that was there before. Throws when there are none. */
export async function builtImages(engine: Engine): Promise<ProductImages> {
  const [api, worker, migrations] = await Promise.all(TARGETS.map((target) => look(engine, tagOf(target))));
  if (!(api && worker && migrations)) throw new Error('Not all images are there.');
  return { api, worker, migrations };
}

const tagOf = (target: Target): string => `compute-${target}:test`;

async function look(engine: Engine, tag: string): Promise<BuiltImage> {
  const size = await engine.docker(['image', 'inspect', '--format', '{{.Size}}', tag]);
  return { tag, megabytes: Math.round(Number(size) / 1e6) };
}

interface Build {
  readonly target: Target;
  readonly tag: string;
  readonly context: string;
  readonly bases: Bases | undefined;
  readonly revision: string;
}

function build(engine: Engine, { target, tag, context, bases, revision }: Build): Promise<string> {
  const given = {
    REVISION: revision,
    ...(bases && { NODE_IMAGE: bases.building, RUNTIME_IMAGE: bases.running }),
    ...(process.env.NPM_CONFIG_REGISTRY && { NPM_CONFIG_REGISTRY: process.env.NPM_CONFIG_REGISTRY }),
  };
  const terms = Object.entries(given).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  return engine.docker(['build', '--network', 'host', '--target', target, '--tag', tag, ...terms, context], {
    timeoutMs: BUILD_WITHIN_MS,
  });
}

/** What the Dockerfile names, when the engine has it or can fetch it; else bases of this machine's own programs. */
async function findBases(engine: Engine, folder: string): Promise<Bases | undefined> {
  const named = /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';
  if (engine.isGiven && (await engine.has(named))) return undefined;
  return makeLocalBases(engine, folder);
}

/** Every file that git tracks or would track, and the certificates that npm needs here. */
async function copyCheckout(context: string): Promise<string> {
  const listed = await outputOf('git', ['-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  for (const path of listed.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(context, path)), { recursive: true });
    copyFileSync(join(ROOT, path), join(context, path));
  }
  const certificates = [process.env.NODE_EXTRA_CA_CERTS ?? '', ...SYSTEM_CERTIFICATES].find(existsSync);
  if (certificates !== undefined) copyFileSync(certificates, join(context, 'extra-ca.pem'));
  return context;
}
