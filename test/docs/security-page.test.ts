/** The threat model names tests that are there, and limits that are settings. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { API_SETTINGS } from '@compute/api/settings';
import { expect, it } from 'vitest';

const PAGE = fileURLToPath(new URL('../../docs/security.md', import.meta.url));
const text = readFileSync(PAGE, 'utf8');

it('every defence of the threat model is shown by a test that is there', () => {
  const rows = text.split('\n').filter((line) => line.startsWith('|') && line.split('|').length === 6);
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows.slice(2)) expect([row, /\]\(|shown by/.test(row)]).toEqual([row, true]);
  const files = [...text.matchAll(/\]\((\.\.\/[^)#]+)/g)].map(([, file = '']) => file);
  expect(files.filter((file) => !existsSync(new URL(file, `file://${PAGE}`)))).toEqual([]);
});

it('every limit that the page says can be set is a setting of the API', () => {
  const known = new Set(Object.values(API_SETTINGS).map(({ variable }) => variable));
  const named = [...text.matchAll(/`((?:MAX|RATE|REQUEST|GRPC)_[A-Z_]+)`/g)].map(([, variable = '']) => variable);
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((variable) => !known.has(variable))).toEqual([]);
});
