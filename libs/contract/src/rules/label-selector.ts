/** Kubernetes label selectors: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. */
import { Fault } from '@compute/domain';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Empty for Exists and DoesNotExist. */
  readonly values: readonly string[];
}

export type LabelSelector = readonly LabelRequirement[];

const KEY = '[A-Za-z0-9](?:[-A-Za-z0-9_./]{0,315}[A-Za-z0-9])?';
const VALUE = '(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?';
const FORMS: readonly (readonly [RegExp, (match: readonly string[]) => LabelRequirement])[] = [
  [
    new RegExp(`^(${KEY})\\s*==?\\s*(${VALUE})$`),
    ([, key = '', value = '']) => ({ key, operator: 'In', values: [value] }),
  ],
  [
    new RegExp(`^(${KEY})\\s*!=\\s*(${VALUE})$`),
    ([, key = '', value = '']) => ({ key, operator: 'NotIn', values: [value] }),
  ],
  [
    new RegExp(`^(${KEY})\\s+in\\s*\\(([^()]*)\\)$`),
    ([, key = '', list = '']) => ({ key, operator: 'In', values: valuesOf(list) }),
  ],
  [
    new RegExp(`^(${KEY})\\s+notin\\s*\\(([^()]*)\\)$`),
    ([, key = '', list = '']) => ({ key, operator: 'NotIn', values: valuesOf(list) }),
  ],
  [new RegExp(`^(${KEY})$`), ([, key = '']) => ({ key, operator: 'Exists', values: [] })],
  [new RegExp(`^!\\s*(${KEY})$`), ([, key = '']) => ({ key, operator: 'DoesNotExist', values: [] })],
];
const MAX_LENGTH = 2048;

const valuesOf = (list: string): string[] => list.split(',').map((value) => value.trim());

/** Throws `InvalidArgument` for what is not a selector; an empty text selects everything. */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.trim() === '') return [];
  const parts = text.length > MAX_LENGTH ? [''] : text.split(/,(?![^(]*\))/).map((part) => part.trim());
  return parts.map((part) => {
    for (const [form, read] of FORMS) {
      const match = form.exec(part);
      if (match) return read(match);
    }
    const message = `'${part.slice(0, 80)}' is not a label selector.`;
    throw new Fault('InvalidArgument', message, {
      fields: [{ pointer: '/labelSelector', code: 'invalid_selector', message }],
    });
  });
}

type Test = (value: string | undefined, values: readonly string[]) => boolean;

const TESTS: Readonly<Record<LabelRequirement['operator'], Test>> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
};

/** Whether labels satisfy every requirement. As in Kubernetes, `NotIn` holds for a label that is absent. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every(({ key, operator, values }) => TESTS[operator](labels[key], values));
}
