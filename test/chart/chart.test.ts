/**
 * The chart cannot fall behind what it installs: settings, role, rules, dashboard and networks are held against the code. Only
 * files are read here; `npm run test:chart` renders the chart and gives it to a real API server.
 */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from '@compute/contract';
import { SHUTDOWN_DEADLINE_MS } from '@compute/runtime';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { needsOwnValue, SERVICE_SETTINGS, SET_BY_TEMPLATES, type Service, settingsOf } from './chart-settings.ts';
import {
  NETWORKS_FILE,
  renderNetworks,
  renderSchema,
  renderValuesPage,
  SCHEMA_FILE,
  VALUES_FILE,
  VALUES_PAGE,
} from './rendered.ts';
import type { Properties, Schema } from './schema-words.ts';
import { valuesSchema } from './values-schema.ts';

const DEPLOY = new URL('../../deploy/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, DEPLOY), 'utf8');
const templates = readdirSync(new URL('helm/templates/', DEPLOY), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(tpl|yaml)$/.test(name))
  .map((name) => read(`helm/templates/${name}`))
  .join('\n');
const services = Object.keys(SERVICE_SETTINGS) as Service[];
const allSettings = services.flatMap((service) => [...settingsOf(service).values()]);

it.each([
  [SCHEMA_FILE, renderSchema],
  [NETWORKS_FILE, renderNetworks],
  [VALUES_PAGE, renderValuesPage],
])('%s says what the code says', (file, render) => {
  expect(readFileSync(file, 'utf8')).toBe(render());
});

it.each([
  ['worker-role.yaml', 'cluster/worker-role.yaml'],
  ['rules.yaml', 'monitoring/rules.yaml'],
  ['dashboard.json', 'monitoring/dashboard.json'],
])('files/%s is %s itself', (name, original) => {
  expect(realpathSync(new URL(`helm/files/${name}`, DEPLOY))).toBe(fileURLToPath(new URL(original, DEPLOY)));
});

describe('settings', () => {
  it('that are secret, or name a file or a port, have a value of their own', () => {
    const lost = allSettings.filter((one) => needsOwnValue(one) && SET_BY_TEMPLATES[one.variable] === undefined);
    expect(lost.map(({ variable }) => variable)).toEqual([]);
  });

  it('that the templates set are known to a service, and the templates do set them', () => {
    const known = new Set(allSettings.map(({ variable }) => variable));
    const set = Object.keys(SET_BY_TEMPLATES);
    expect(set.filter((variable) => !known.has(variable))).toEqual([]);
    expect(set.filter((variable) => !new RegExp(`\\b${variable}\\b`).test(templates))).toEqual([]);
  });

  it('that are secret have no place in a map of settings', () => {
    const secret = new Set(allSettings.filter((one) => one.secret).map(({ variable }) => variable));
    expect(secret.size).toBeGreaterThan(3);
    const places = JSON.parse(renderSchema(), (name, value) => (secret.has(name) ? 'found' : value)) as Schema;
    expect(JSON.stringify(places)).not.toContain('"found"');
  });
});

it('the schema knows each value of values.yaml, and values.yaml says each value that the schema knows', () => {
  const { global: _global, ...properties } = (valuesSchema().properties ?? {}) as Properties;
  expect(pathsOfValues(parse(readFileSync(VALUES_FILE, 'utf8')), properties)).toEqual(pathsOfSchema(properties));
});

it('no template makes a Secret', () => {
  expect(templates).toContain('kind: ServiceAccount');
  expect(templates).not.toMatch(/kind: Secret\b/);
});

it('what is exposed of REST is what callers use', () => {
  const block = /define "compute\.publicPaths" -\}\}\n([^{]*)\{\{/.exec(templates)?.[1] ?? '';
  const exposed = parse(block) as string[];
  const used = Object.keys(openApiDocument().paths ?? {}).map((path) => `/${path.split('/')[1]}`);
  const internal = ['/healthz', '/readyz', '/metrics'];
  expect([...new Set(used)].filter((path) => !exposed.includes(path) && !internal.includes(path))).toEqual([]);
  expect(exposed.filter((path) => internal.includes(path))).toEqual([]);
});

it('a pod is not killed before its service has stopped in order', () => {
  const [, deadline] = /define "compute\.graceSeconds" -\}\}\n\{\{ add \. (\d+) \d+ \}\}/.exec(templates) ?? [];
  expect(Number(deadline) * 1_000).toBe(SHUTDOWN_DEADLINE_MS);
});

function pathsOfSchema(properties: Properties, path = ''): string[] {
  return Object.entries(properties)
    .flatMap(([name, { properties: inner }]) =>
      inner === undefined || name === 'settings'
        ? [`${path}${name}`]
        : pathsOfSchema(inner as Properties, `${path}${name}.`),
    )
    .sort();
}

/** Down to where the schema goes: below that, values are Kubernetes' business or a list. */
function pathsOfValues(values: object, properties: Properties, path = ''): string[] {
  return Object.entries(values)
    .flatMap(([name, value]) => {
      const inner = properties[name]?.properties as Properties | undefined;
      return inner === undefined || name === 'settings'
        ? [`${path}${name}`]
        : pathsOfValues(value, inner, `${path}${name}.`);
    })
    .sort();
}
