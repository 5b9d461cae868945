/** Renders docs/failures.md from the table of failures, so that the page cannot disagree with the code. */
import { FAILURE_CATALOGUE, KINDS } from '@compute/domain';

export const FAILURES_PAGE = new URL('../../docs/failures.md', import.meta.url);

const TITLES = { VMInstance: 'Machines', VMDisk: 'Disks' } as const;
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The whole page. */
export function renderFailuresPage(): string {
  const sections = KINDS.map((kind) => {
    const rows = FAILURE_CATALOGUE.filter((failure) => failure.kind === kind).map(
      ({ code, message, cause, remedy, concerns, retryable }) =>
        `| \`${code}\` | ${cell(message)} | ${cell(cause)} | ${cell(remedy)} | ${concerns} | ${retryable ? 'yes' : 'no'} |`,
    );
    const head = [
      '| code | what the status says | cause | remedy | whose | retry helps |',
      '|---|---|---|---|---|---|',
    ];
    return `## ${TITLES[kind]}\n\n${[...head, ...rows].join('\n')}\n`;
  });
  return [
    '# Failures\n',
    'What `status.failure.code` can be. Rendered from `libs/domain/src/failures`; write it anew with `npm run docs`. The API',
    'serves each as a page at `/errors/{code}` and all as JSON at `/errors`. A code keeps its meaning for ever.\n',
    'A message that knows numbers or names says them instead of the sentence here. `status.failure.detail`, the cluster’s own',
    'words, is shown to keys with the scope `admin` alone, and stands in the log of the worker.\n',
    ...sections,
  ].join('\n');
}
