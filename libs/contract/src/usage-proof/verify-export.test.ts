import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { CHAIN_BEGINNING, type ChainedFacts, chainText } from '@compute/domain';
import { expect, test } from 'vitest';
import { usageCloudEvent } from '../views/usage-view.ts';
import { CSV_COLUMNS } from './exported-event.ts';
import { type SignedUsageManifest, usageManifest } from './manifest.ts';
import { verificationKey } from './signed-statement.ts';
import { verifyExport } from './verify-export.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const keys = {
  keys: [verificationKey('k1', Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'))],
};

function jws(statement: object, kid = 'k1'): string {
  const text = [{ alg: 'EdDSA', kid }, statement].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return `${text.join('.')}.${sign(null, Buffer.from(text.join('.')), privateKey).toString('base64url')}`;
}

const hour = (index: number) => new Date(Date.UTC(2026, 10, 1, index));

type Exported = ChainedFacts & { readonly chainHash: string; readonly position: string };

function chained(count: number, change: (facts: ChainedFacts, index: number) => ChainedFacts = (facts) => facts) {
  let previous = CHAIN_BEGINNING;
  return Array.from({ length: count }, (_, index): Exported => {
    const facts = change(
      {
        ...{ chainPosition: String(index + 1), id: `id-${index}`, project: 'demo', meter: 'vm.running' },
        ...{ kind: 'VMInstance', uid: 'u-1', name: 'web', dimensions: { vcpu: 2, series: 'U', memoryGib: 0.5 } },
        ...{ from: hour(index), to: hour(index + 1), durationMs: 3_600_000, recordedAt: hour(index + 1) },
      },
      index,
    );
    previous = createHash('sha256').update(chainText(previous, facts)).digest('hex');
    return { ...facts, chainHash: previous, position: facts.chainPosition };
  });
}

function manifestOf(events: readonly Exported[]): SignedUsageManifest {
  const last = events.at(-1)?.chainHash ?? CHAIN_BEGINNING;
  const durationMs = events.reduce((sum, event) => sum + event.durationMs, 0);
  const manifest = usageManifest({
    ...{ project: 'demo', from: hour(0), to: hour(24), count: events.length },
    sums: [{ meter: 'vm.running', events: events.length, durationMs }],
    ...{ firstChainPosition: '1', previousHash: CHAIN_BEGINNING },
    ...{ lastChainPosition: String(events.length), lastHash: last },
    checkpoints: [jws({ type: 'compute.usage.checkpoint.v1', project: 'demo', chainHash: last })],
  });
  return { manifest, statement: jws(manifest) };
}

const linesOf = (events: readonly Exported[]) => events.map((event) => JSON.stringify(usageCloudEvent(event)));
const events = chained(5);
const verified = (lines: readonly string[], signed = manifestOf(events)) =>
  verifyExport({ lines, format: 'ndjson', signed, keys });
const messages = async (lines: readonly string[], signed?: SignedUsageManifest) =>
  (await verified(lines, signed)).problems.map(({ line, message }) => `${line ?? '-'}: ${message}`);

test('an untouched export is accepted, with its sums', async () => {
  expect(await verified(linesOf(events))).toEqual({
    ok: true,
    events: 5,
    sums: { 'vm.running': { events: 5, durationMs: 5 * 3_600_000 } },
    problems: [],
    withdrawn: [],
  });
});

test('an export that begins at a restore names the places that are withdrawn', async () => {
  const restored = { at: hour(0).toISOString(), withdrawnFrom: '8', withdrawnTo: '1000007' };
  const { manifest } = manifestOf(events);
  const checkpoint = {
    type: 'compute.usage.checkpoint.v1',
    project: 'demo',
    chainHash: manifest.previousHash,
    restored,
  };
  const behind = { ...manifest, checkpoints: [jws(checkpoint)] };
  const signed = { manifest: behind, statement: jws(behind) };
  expect(await verified(linesOf(events), signed)).toMatchObject({ ok: true, withdrawn: [restored] });
});

function csvOf(exported: readonly Exported[]): string[] {
  const rows = exported.map((event) => {
    const cells: Record<string, string> = {
      ...{ chainposition: event.chainPosition, chainhash: event.chainHash, id: event.id, project: event.project },
      ...{ recordedAt: event.recordedAt.toISOString(), meter: event.meter, kind: event.kind, uid: event.uid },
      ...{ name: event.name, from: event.from.toISOString(), to: event.to.toISOString() },
      durationMs: String(event.durationMs),
      dimensions: `"${JSON.stringify(event.dimensions).replaceAll('"', '""')}"`,
      ...{ hours: '1.000000000', series: 'U', vcpuHours: '2.000000000', memoryGibHours: '0.500000000' },
    };
    return CSV_COLUMNS.map((column) => cells[column] ?? '').join(',');
  });
  return [CSV_COLUMNS.join(','), ...rows];
}

const verifiedCsv = (lines: readonly string[]) =>
  verifyExport({ lines, format: 'csv', signed: manifestOf(events), keys });

test('the same export as CSV is accepted', async () => {
  expect(await verifiedCsv(csvOf(events))).toMatchObject({ ok: true, events: 5, problems: [] });
});

test.each([
  ['hours', ',1.000000000,', ',1.000000001,'],
  ['vcpuHours', ',2.000000000,', ',1.999999999,'],
  ['memoryGibHours', ',0.500000000,', ',,'],
  ['storageGibHours', /,,$/, ',9.000000000,'],
  ['series', ',U,', ',M,'],
  ['duration, written so that a spreadsheet reads another,', ',3600000,', ',0x36ee80,'],
  ['duration with something beside its quotes', ',3600000,', ',3600000"9",'],
  ['time', 'T03:00:00.000Z,3600000', 'T04:00:00.000+01:00,3600000'],
])('a changed %s of a CSV is noticed, though no hash covers it', async (_what, from, to) => {
  const lines = csvOf(events);
  const changed = lines.with(3, (lines[3] ?? '').replace(from, to));
  expect(changed[3]).not.toBe(lines[3]);
  const { ok, problems } = await verifiedCsv(changed);
  expect(ok).toBe(false);
  expect(problems[0]).toMatchObject({ line: 4, message: expect.stringMatching(/^The line cannot be read/) });
});

test('a CSV whose first line is empty has no header', async () => {
  expect((await verifiedCsv(csvOf(events).with(0, ''))).ok).toBe(false);
});

test('an event that is missing is noticed', async () => {
  const found = await messages(linesOf(events).toSpliced(2, 1));
  expect(found).toContain('3: The event has the place 4 in the chain; 3 was to follow.');
  expect(found).toContain('-: There are 4 events; the manifest says 5.');
});

test('an event that is there twice is noticed', async () => {
  const lines = linesOf(events);
  expect(await messages([...lines.slice(0, 2), ...lines.slice(1)])).toContain(
    '3: Time of the interval is there twice.',
  );
});

test.each([
  ['duration', (line: string) => line.replace('"durationMs":3600000', '"durationMs":60000')],
  ['dimension', (line: string) => line.replace('"vcpu":2', '"vcpu":1')],
  ['meter', (line: string) => line.replace('"meter":"vm.running"', '"meter":"vm.allocated"')],
  ['resource', (line: string) => line.replace('"uid":"u-1"', '"uid":"u-2"')],
  ['time', (line: string) => line.replace('T03:00:00.000Z","durationMs"', 'T03:00:00.001Z","durationMs"')],
])('a changed %s is noticed', async (_what, change) => {
  const lines = linesOf(events);
  const changed = lines.with(2, change(lines[2] ?? ''));
  expect(changed[2]).not.toBe(lines[2]);
  expect(await messages(changed)).toContain('3: The hash does not fit: this event, or one before it, was changed.');
});

test.each([
  ['subject', '"subject":"VMInstance/web"', '"subject":"VMInstance/other"'],
  ['source', '"source":"/v1/projects/demo"', '"source":"/v1/projects/other"'],
])('a %s that is not that of the data is noticed', async (_what, from, to) => {
  const lines = linesOf(events);
  const found = await messages(lines.with(2, (lines[2] ?? '').replace(from, to)));
  expect(found[0]).toMatch(/^3: The line cannot be read: source or subject/);
});

test('a ledger that was written anew is noticed by the signatures', async () => {
  const forged = chained(5, (facts, index) => (index === 1 ? { ...facts, to: hour(index + 3) } : facts));
  const honest = manifestOf(events);
  expect(await messages(linesOf(forged), honest)).toContain('-: The chain does not end with the hash of the manifest.');
  const { manifest } = manifestOf(forged);
  expect(await messages(linesOf(forged), { manifest, statement: honest.statement })).toContain(
    '-: The manifest differs from its signed statement.',
  );
  const stranger = { manifest, statement: jws(manifest, 'k2') };
  expect(await messages(linesOf(forged), stranger)).toContain('-: The manifest is not signed by a published key.');
});

test('a line that is no event is named, and the rest is still judged', async () => {
  const found = await messages(linesOf(events).with(0, '{"data":'));
  expect(found[0]).toMatch(/^1: The line cannot be read/);
  expect((await verified(linesOf(events).with(0, 'x'))).events).toBe(4);
});
