import { describe, expect, it } from 'vitest';
import { fields, integer, list, mapOf, oneOf, open, quantity, text } from './schema.ts';
import { fillDefaults, pruneUnknown, validateValue } from './schema-check.ts';

const schema = fields({
  spec: fields(
    {
      size: quantity(),
      mode: oneOf(['A', 'B'], 'The mode.'),
      count: integer('', { minimum: 1, default: 3 }),
      name: text('', { pattern: '^[a-z]+$', maxLength: 5 }),
      items: list(fields({ key: text(), value: text('', { default: 'v' }) }, ['key'])),
      labels: mapOf(text()),
      free: open(),
    },
    ['size'],
  ),
});

const object = (spec: Record<string, unknown>) => ({ apiVersion: 'x/v1', kind: 'X', metadata: {}, spec });

describe('pruning', () => {
  it('removes unknown fields and names their paths', () => {
    const { value, unknown } = pruneUnknown(
      object({ size: '1', other: 1, items: [{ key: 'a', extra: true }], free: { any: 1 }, labels: { a: 'b' } }),
      schema,
    );
    expect(unknown).toEqual(['spec.other', 'spec.items[0].extra']);
    expect(value.spec).toEqual({ size: '1', items: [{ key: 'a' }], free: { any: 1 }, labels: { a: 'b' } });
  });
});

describe('defaults', () => {
  it('fill absent fields, also in lists, and leave present ones', () => {
    const filled = fillDefaults(object({ size: '1', items: [{ key: 'a' }, { key: 'b', value: 'w' }] }), schema);
    expect(filled).toMatchObject({
      spec: {
        count: 3,
        items: [
          { key: 'a', value: 'v' },
          { key: 'b', value: 'w' },
        ],
      },
    });
  });
});

describe('validation', () => {
  it.each([
    [{}, 'spec.size', 'Required value'],
    [{ size: true }, 'spec.size', 'must be of type integer,string'],
    [{ size: 1, mode: 'C' }, 'spec.mode', 'supported values: "A", "B"'],
    [{ size: 1, count: 0 }, 'spec.count', 'should be greater than or equal to 1'],
    [{ size: 1, count: 1.5 }, 'spec.count', 'must be of type integer: "number"'],
    [{ size: 1, name: 'UP' }, 'spec.name', "should match '^[a-z]+$'"],
    [{ size: 1, name: 'toolong' }, 'spec.name', 'may not be more than 5 bytes'],
    [{ size: 1, items: [{}] }, 'spec.items[0].key', 'Required value'],
    [{ size: 1, items: {} }, 'spec.items', 'must be of type array: "object"'],
    [{ size: 1, labels: { a: 1 } }, 'spec.labels.a', 'must be of type string: "integer"'],
  ])('%j is refused at %s', (spec, field, message) => {
    const problems = validateValue(object(spec), schema);
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.message).toContain(message);
  });

  it('accepts what fits', () => {
    expect(validateValue(object({ size: '1Gi', mode: 'A', items: [{ key: 'a' }] }), schema)).toEqual([]);
  });
});
