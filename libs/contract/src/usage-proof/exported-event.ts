/** One line of an export, read back into the facts that its hash was made of. Throws a sentence that says what is wrong. */
import type { ChainedFacts, Dimensions, Kind, Meter } from '@compute/domain';
import type { UsageCloudEvent } from '../views/usage-view.ts';

export type ExportFormat = 'ndjson' | 'csv';

export interface ExportedEvent {
  readonly facts: ChainedFacts;
  readonly chainHash: string;
}

/** Columns of the CSV form; what stands after `dimensions` is for spreadsheets and proves nothing. */
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
  return {
    chainHash: cell('chainhash'),
    facts: {
      ...{ chainPosition: cell('chainposition'), id: cell('id'), project: cell('project') },
      ...{ meter: cell('meter') as Meter, kind: cell('kind') as Kind, uid: cell('uid'), name: cell('name') },
      ...{ dimensions: JSON.parse(cell('dimensions')) as Dimensions, durationMs: Number(cell('durationMs')) },
      ...{ from: timeOf(cell('from')), to: timeOf(cell('to')), recordedAt: timeOf(cell('recordedAt')) },
      ...(corrects === '' ? {} : { corrects }),
    },
  };
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new Error(`'${text.slice(0, 40)}' is no time`);
  return time;
}

/** RFC 4180, one line: no cell of ours holds a line break. */
export function csvCells(line: string): string[] {
  const cells = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g);
  return [...cells].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
}
