/** One line of an export, read back into the facts that its hash was made of. Throws a sentence that says what is wrong. */
import type { ChainedFacts, Dimensions, Kind, Meter } from '@compute/domain';
import type { UsageCloudEvent } from '../views/usage-view.ts';

export type ExportFormat = 'ndjson' | 'csv';

export interface ExportedEvent {
  readonly facts: ChainedFacts;
  readonly chainHash: string;
}

/** Columns of the CSV form; what stands after `dimensions` is for spreadsheets and follows from what stands before. */
export const CSV_COLUMNS = [
  'chainposition',
  'chainhash',
  'id',
  'recordedAt',
  'project',
  'meter',
  'kind',
  'uid',
  'name',
  'from',
  'to',
  'durationMs',
  'corrects',
  'dimensions',
  'hours',
  'series',
  'instanceType',
  'vcpuHours',
  'memoryGibHours',
  'storageClass',
  'storageGibHours',
  'method',
] as const;

type CsvColumn = (typeof CSV_COLUMNS)[number];

export function readExported(line: string, format: ExportFormat): ExportedEvent {
  return format === 'csv' ? readCsv(line) : readJson(line);
}

function readJson(line: string): ExportedEvent {
  const event = JSON.parse(line) as UsageCloudEvent;
  const { project, meter, kind, uid, name, dimensions, from, to, durationMs, corrects } = event.data;
  if (event.source !== `/v1/projects/${project}` || event.subject !== `${kind}/${name}`)
    throw new Error('source or subject are not those of its data');
  return {
    chainHash: event.chainhash,
    facts: {
      ...{ chainPosition: event.chainposition, id: event.id, project, meter, kind, uid, name, dimensions, durationMs },
      ...{ from: timeOf(from), to: timeOf(to), recordedAt: timeOf(event.time) },
      ...(corrects === undefined ? {} : { corrects }),
    },
  };
}

function readCsv(line: string): ExportedEvent {
  const cells = csvCells(line);
  if (cells.length !== CSV_COLUMNS.length) throw new Error(`it has ${cells.length} cells, not ${CSV_COLUMNS.length}`);
  const cell = (column: CsvColumn): string => cells[CSV_COLUMNS.indexOf(column)] ?? '';
  const corrects = cell('corrects');
  const dimensions = JSON.parse(cell('dimensions')) as Dimensions;
  const durationMs = wholeNumber(cell('durationMs'));
  refuseWrongPrices(cell, dimensions, durationMs);
  return {
    chainHash: cell('chainhash'),
    facts: {
      ...{ chainPosition: cell('chainposition'), id: cell('id'), project: cell('project') },
      ...{ meter: cell('meter') as Meter, kind: cell('kind') as Kind, uid: cell('uid'), name: cell('name') },
      ...{ dimensions, durationMs },
      ...{ from: timeOf(cell('from')), to: timeOf(cell('to')), recordedAt: timeOf(cell('recordedAt')) },
      ...(corrects === '' ? {} : { corrects }),
    },
  };
}

const MS_PER_HOUR = 3_600_000;
/** Half of the last of nine decimals, and what the last digits of either calculation may add to it. */
const ROUNDING = 0.51e-9;
const PRECISION = 4e-16;

/** A spreadsheet adds up these cells and no others, and no hash covers them: they must follow from those that are hashed. */
function refuseWrongPrices(cell: (column: CsvColumn) => string, dimensions: Dimensions, durationMs: number): void {
  const hours = durationMs / MS_PER_HOUR;
  const hoursOf = (name: string): number | undefined =>
    dimensions[name] === undefined ? undefined : hours * Number(dimensions[name]);
  const numbers = {
    hours,
    vcpuHours: hoursOf('vcpu'),
    memoryGibHours: hoursOf('memoryGib'),
    storageGibHours: hoursOf('storageGib'),
  };
  for (const [column, value] of Object.entries(numbers))
    if (!isRounded(cell(column as CsvColumn), value)) throw new Error(`${column} does not follow from its other cells`);
  for (const column of ['series', 'instanceType', 'storageClass', 'method'] as const)
    if (cell(column) !== `${dimensions[column] ?? ''}`) throw new Error(`${column} differs from its dimensions`);
}

/** Whether the text is the value with nine decimals, or empty where there is none. */
function isRounded(text: string, value: number | undefined): boolean {
  if (value === undefined) return text === '';
  if (!/^-?\d+\.\d{9}$/.test(text)) return false;
  return Math.abs(Number(text) - value) <= ROUNDING + Math.abs(value) * PRECISION;
}

/** Written in one way only: what reads it differently must not see another number. */
function wholeNumber(text: string): number {
  if (!/^(?:0|-?[1-9]\d*)$/.test(text)) throw new Error(`'${text.slice(0, 40)}' is no duration`);
  return Number(text);
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || time.toISOString() !== text) throw new Error(`'${text.slice(0, 40)}' is no time`);
  return time;
}

/** RFC 4180, one line: no cell of ours holds a line break. */
export function csvCells(line: string): string[] {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)];
  // What no cell holds was put between them.
  if (cells.reduce((length, [cell]) => length + cell.length, 0) !== line.length)
    throw new Error('a quote stands where none may be');
  return cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
}
