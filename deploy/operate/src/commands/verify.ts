/**
 * Judges an export of usage with nothing but its manifest and the published keys. Needs no database and no network, so a
 * billing team runs it where it likes. Reads line by line: the length of a file does not matter.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ExportFormat,
  type ExportVerdict,
  type SignedUsageManifest,
  type VerificationKeys,
  verifyExport,
} from '@compute/contract';
import { type Call, type Command, type Report, WrongCall } from '../command.ts';
import { linesOfFile } from '../file-lines.ts';

const MS_PER_HOUR = 3_600_000;

export const verify: Command = {
  usage: '<export file> --manifest <file> --keys <file> [--format ndjson|csv]',
  about: 'Says whether an export of usage is complete and unchanged.',
  words: 1,
  options: {
    manifest: { takes: '<file>', about: 'the answer of GET /v1/projects/{project}/usage/manifest for the same span' },
    keys: {
      takes: '<file>',
      about: 'the answer of GET /v1/usage/keys; best fetched once and kept apart from the exports',
    },
    format: { takes: '<format>', about: 'ndjson or csv; without it the ending of the file says which' },
  },
  wrongWhen: 'something is missing, doubled or changed',
  run: async (call) => {
    const file = resolve(call.folder, call.word(0));
    const format = formatOf(call, file);
    const signed = readJson<SignedUsageManifest>(call, 'manifest', (read) => typeof read.statement === 'string');
    const keys = readJson<VerificationKeys>(call, 'keys', (read) => Array.isArray(read.keys));
    return reportOf(signed, await verifyExport({ lines: linesOfFile(file), format, signed, keys }));
  },
};

function formatOf(call: Call, file: string): ExportFormat {
  const given = call.text('format') ?? file.split('.').at(-1);
  if (given === 'csv' || given === 'ndjson') return given;
  throw new WrongCall('The ending of the file does not tell its format: give --format ndjson or --format csv.');
}

/** Throws an Error that names the file. */
function readJson<T>(call: Call, option: string, isRight: (read: T) => boolean): T {
  const file = resolve(call.folder, call.required(option));
  const read = JSON.parse(readFileSync(file, 'utf8')) as T;
  if (typeof read === 'object' && read !== null && isRight(read)) return read;
  throw new Error(`${file} is not what --${option} takes: see \`operate verify --help\`.`);
}

function reportOf({ manifest }: SignedUsageManifest, verdict: ExportVerdict): Report {
  const { ok, events, sums, problems, withdrawn } = verdict;
  const { project, from, to, checkpoints } = manifest;
  const hours = Object.entries(sums).map(
    ([meter, sum]) =>
      `  ${meter}: ${sum.events} events, ${(sum.durationMs / MS_PER_HOUR).toFixed(6)} hours (${sum.durationMs} ms)`,
  );
  const said = problems.map(
    ({ line, message }) => `  ${line === undefined ? 'as a whole' : `line ${line}`}: ${message}`,
  );
  const takenBack = withdrawn.map(
    ({ at, withdrawnFrom, withdrawnTo }) =>
      `  The database was restored at ${at}: events with the places ${withdrawnFrom} to ${withdrawnTo} that were handed out before are withdrawn.`,
  );
  const verified = `${events} events of the project ${project} from ${from} to ${to}`;
  const lines = ok
    ? [
        `Nothing is missing, doubled or changed: ${verified}, under ${checkpoints.length} signed checkpoints.`,
        ...hours,
        ...takenBack,
      ]
    : [`This is not what was metered: ${verified}.`, ...said];
  return { json: { ok, project, from, to, events, sums, problems, withdrawn }, lines, isWrong: !ok };
}
