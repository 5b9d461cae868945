import { expect, it } from 'vitest';
import { type Documents, jsonDocuments, parseYamlDocuments, toYaml } from './documents.ts';

const valuesOf = (documents: Documents) => (documents.ok ? documents.documents.map(({ value }) => value) : []);
const codesOf = (documents: Documents) => (documents.ok ? [] : documents.problems.map(({ code }) => code));

it('leaves out what is empty between separators', () => {
  expect(valuesOf(parseYamlDocuments('---\n# nothing\n---\na: 1\n---\n---\nb: 2\n...\n'))).toEqual([
    { a: 1 },
    { b: 2 },
  ]);
});

it('knows the line of a field, or of its nearest parent', () => {
  const documents = parseYamlDocuments('a: 1\n---\nspec:\n  list:\n    - x\n    - y\n');
  const [, second] = documents.ok ? documents.documents : [];
  expect(['/spec/list/1', '/spec/list', '/spec/missing', ''].map((pointer) => second?.lineOf(pointer))).toEqual([
    6, 5, 4, 3,
  ]);
});

const unreadable: readonly (readonly [string, string, string])[] = [
  ['an open bracket', 'a: [', 'invalid_yaml'],
  ['the same key twice', 'a: 1\na: 2', 'invalid_yaml'],
  ['a tab as indentation', '\ta: 1', 'invalid_yaml'],
  ['an alias to nothing', 'a: *nowhere', 'invalid_yaml'],
  ['nothing', '', 'required'],
  ['only separators', '---\n---', 'required'],
  ['too many documents', '---\na: 1\n'.repeat(501), 'too_many'],
  ['too many bytes', `a: ${'x'.repeat(5_000_000)}`, 'too_large'],
  ['deep brackets', `a: ${'['.repeat(50)}${']'.repeat(50)}`, 'too_deep'],
  ['too many keys', Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n'), 'too_many'],
  ['very deep brackets', '['.repeat(100_000), 'invalid_yaml'],
  ['very deep brackets on lines of their own', '[\n'.repeat(20_000), 'invalid_yaml'],
  ['a very deep list', '- '.repeat(20_000), 'invalid_yaml'],
];

it.each(unreadable)('refuses %s', (_what, text, code) => {
  expect(codesOf(parseYamlDocuments(text))[0]).toBe(code);
});

it('refuses a bomb of aliases', () => {
  const levels = Array.from(
    { length: 9 },
    (_, index) => `l${index + 1}: &l${index + 1} [${Array(9).fill(`*l${index}`).join(',')}]`,
  );
  expect(codesOf(parseYamlDocuments(`l0: &l0 x\n${levels.join('\n')}`))).toEqual(['invalid_yaml']);
});

it('repeats no text of what it could not read', () => {
  const documents = parseYamlDocuments('cloudInit: "secret: hunter2\n  x: [');
  expect(documents.ok).toBe(false);
  expect(JSON.stringify(documents)).not.toContain('hunter2');
});

it('takes one object, a list of them, and refuses what is too deep', () => {
  expect(valuesOf(jsonDocuments({ a: 1 }))).toEqual([{ a: 1 }]);
  expect(valuesOf(jsonDocuments([{ a: 1 }, 2]))).toEqual([{ a: 1 }, 2]);
  expect(codesOf(jsonDocuments([]))).toEqual(['required']);
  expect(codesOf(jsonDocuments(JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)))).toEqual(['too_deep']);
});

it('writes YAML that reads back the same', () => {
  const value = { a: ['x', { b: 'yes', c: '1' }], d: 'line\nline', e: null };
  expect(valuesOf(parseYamlDocuments(toYaml(value)))).toEqual([value]);
});
