import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PAGE, renderLifecyclePage } from './lifecycle-tables.ts';

it('docs/lifecycle.md says what the code does', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(renderLifecyclePage());
});
