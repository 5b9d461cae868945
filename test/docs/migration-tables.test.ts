import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderUpgradingPage, UPGRADING_PAGE } from './migration-tables.ts';

it('docs/upgrading.md says which rules hold for migrations', () => {
  expect(readFileSync(UPGRADING_PAGE, 'utf8')).toBe(renderUpgradingPage());
});
