/** Renders docs/log-events.md from the list of events, so that the page cannot disagree with what is written. */
import { LIBRARY_EVENT, LOG_EVENTS, type LogEventDefinition } from '@compute/runtime';

export const LOG_EVENTS_PAGE = new URL('../../docs/log-events.md', import.meta.url);

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function fieldsOf({ fields }: LogEventDefinition): string {
  return Object.entries(fields)
    .map(([name, meaning]) => `\`${name}\`: ${meaning}`)
    .join('; ');
}

function rowOf([name, event]: [string, LogEventDefinition]): string {
  return row([`\`${name}\``, event.level, event.message, fieldsOf(event), event.remedy ?? 'nothing']);
}

const EXAMPLE = {
  ...{ level: 'info', time: '2026-11-23T05:45:41.899Z', service: 'api', pid: 7, requestId: '4f6c…', traceId: '0af7…' },
  ...{ spanId: 'b7ad…', project: 'demo', kind: 'VMDisk', name: 'system', uid: '01a2…', operationId: '01a2…' },
  ...{ event: 'change.answered', face: 'rest', route: 'POST /v1/projects/:project/vm-disks', code: '201' },
  ...{ durationMs: 9, msg: LOG_EVENTS['change.answered'].message },
};

/** The whole page. */
export function renderLogEventsPage(): string {
  return [
    '# Log events\n',
    'Both services write one JSON object a line to standard output. Rendered from `libs/runtime/src/log-events.ts`; write it anew with',
    '`npm run docs`. Names, levels and fields are a public interface: nothing else is written, since the compiler knows the list.',
    'Search and alert by `event`, never by `msg`.\n',
    `\`\`\`json\n${JSON.stringify(EXAMPLE)}\n\`\`\`\n`,
    'Every line has `level`, `time`, `service`, `pid`, `event` and `msg`, and the ids of the work in hand as far as they are known:\n',
    '| field | is |\n|---|---|',
    row([
      '`requestId`',
      'the request, as the caller was told it (`x-request-id`); in a worker, the request whose wish it works on',
    ]),
    row(['`operationId`', 'the operation that the caller can wait for; in a worker, until it is done']),
    row(['`project`, `kind`, `name`, `uid`', 'the resource']),
    `${row(['`traceId`, `spanId`', 'the trace; in a worker, of looks that a request caused'])}\n`,
    'So one `requestId` finds everything that one call led to, in both services:',
    '`jq -c \'select(.requestId == "…")\' api.log worker.log`. Secrets are never written; a list of names is replaced before a line is made.\n',
    '`LOG_LEVEL` is `info` by default. `debug` adds a line for every request that reads and for every look at a resource.\n',
    '## Events\n',
    row(['event', 'level', 'says', 'fields', 'what to do']),
    row(['---', '---', '---', '---', '---']),
    ...Object.entries<LogEventDefinition>(LOG_EVENTS)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(rowOf),
    row([
      `\`${LIBRARY_EVENT}\``,
      'its own',
      'what a library says, in its own words',
      '`context`: the library',
      'nothing',
    ]),
    '',
  ].join('\n');
}
