import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CHANGES_PAGE, renderChangesPage } from './change-tables.ts';

it('docs/changes.md says what the code does', () => {
  expect(readFileSync(CHANGES_PAGE, 'utf8')).toBe(renderChangesPage());
});
