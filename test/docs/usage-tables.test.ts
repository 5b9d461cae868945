import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderUsagePage, USAGE_PAGE } from './usage-tables.ts';

it('docs/usage.md says which meters run in which phase', () => {
  expect(readFileSync(USAGE_PAGE, 'utf8')).toBe(renderUsagePage());
});
