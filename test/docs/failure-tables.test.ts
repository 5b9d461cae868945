import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAILURES_PAGE, renderFailuresPage } from './failure-tables.ts';

it('docs/failures.md says what the code does', () => {
  expect(readFileSync(FAILURES_PAGE, 'utf8')).toBe(renderFailuresPage());
});
