/** What of the chart follows from the code: the schema of its values, their page, and the networks that are not the Internet. */
import { readFileSync } from 'node:fs';
import { NOT_PUBLIC_NETWORKS } from '@compute/domain';
import { parse } from 'yaml';
import { SERVICE_SETTINGS, SET_BY_TEMPLATES, type Service, settingsOf } from './chart-settings.ts';
import type { Properties, Schema } from './schema-words.ts';
import { valuesSchema } from './values-schema.ts';

const CHART = new URL('../../deploy/helm/', import.meta.url);
export const VALUES_FILE = new URL('values.yaml', CHART);
export const SCHEMA_FILE = new URL('values.schema.json', CHART);
export const NETWORKS_FILE = new URL('files/not-public-networks.yaml', CHART);
export const VALUES_PAGE = new URL('../../docs/chart-values.md', import.meta.url);

export function renderSchema(): string {
  return `${JSON.stringify(valuesSchema(), undefined, 2)}\n`;
}

export function renderNetworks(): string {
  const of = (wanted: 'ipv4' | 'ipv6'): string[] =>
    NOT_PUBLIC_NETWORKS.filter(([, , family]) => family === wanted).map(
      ([network, prefix]) => `  - '${network}/${prefix}'`,
    );
  return [
    '# Networks that are not the Internet, from libs/domain, where the services have them from. Write it anew with `npm run docs`.',
    'ipv4:',
    ...of('ipv4'),
    'ipv6:',
    ...of('ipv6'),
    '',
  ].join('\n');
}

interface Row {
  readonly path: string;
  readonly fallback: unknown;
  readonly description: string;
}

/** Each value, a map of others before its members. Settings have a table of their own. */
function rowsOf(properties: Properties, defaults: unknown, path = ''): Row[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const [here, fallback] = [`${path}${name}`, memberOf(defaults, name)];
    if (name === 'settings' || schema.properties === undefined) {
      const own = { path: here, fallback, description: schema.description ?? '' };
      return [own, ...rowsOfItems(schema, here)];
    }
    const group = { path: here, fallback: undefined, description: schema.description ?? '' };
    return [group, ...rowsOf(schema.properties as Properties, fallback, `${here}.`)];
  });
}

function rowsOfItems({ items }: Schema, path: string): Row[] {
  const properties = (items as Schema | undefined)?.properties;
  return properties === undefined ? [] : rowsOf(properties as Properties, undefined, `${path}[].`);
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const cell = (value: string): string => value.replaceAll('|', '\\|');
const shown = (value: unknown): string =>
  value === undefined || value === '' ? '' : `\`${cell(JSON.stringify(value))}\``;

function settingRows(service: Service): string[] {
  const rows = [...settingsOf(service).values()].map((setting) => {
    const { variable, description, fallback, required, secret } = setting;
    const place = SET_BY_TEMPLATES[variable] ?? `${service}.settings`;
    const without = required ? 'required' : secret ? '' : shown(fallback);
    return `| \`${variable}\` | \`${place}\` | ${without} | ${cell(description)} |`;
  });
  return ['| variable | value of the chart | without it | meaning |', '|---|---|---|---|', ...rows];
}

export function renderValuesPage(): string {
  const defaults = parse(readFileSync(VALUES_FILE, 'utf8')) as unknown;
  const rows = rowsOf((valuesSchema().properties ?? {}) as Properties, defaults);
  const services = Object.keys(SERVICE_SETTINGS) as Service[];
  return [
    '# Values of the Helm chart\n',
    'Rendered from `deploy/helm/values.schema.json` and `values.yaml`; write it anew with `npm run docs`. What is not listed is refused. How',
    'to install with it: [installing.md](installing.md#kubernetes).\n',
    '| value | default | meaning |',
    '|---|---|---|',
    ...rows.map(({ path, fallback, description }) => `| \`${path}\` | ${shown(fallback)} | ${cell(description)} |`),
    '',
    ...services.flatMap((service) => [
      `## Settings of the ${service === 'api' ? 'API' : 'workers'}\n`,
      ...settingRows(service),
      '',
    ]),
  ].join('\n');
}
