/** Rules, dashboard and runbooks are what the tables say; promtool, where there is one, tries each alert. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_METRICS, WORKER_METRICS } from '@compute/runtime';
import { expect, it } from 'vitest';
import { alertNames, anchorOf, casedAlerts, promtoolTests } from './promtool-cases.ts';
import { DASHBOARD_FILE, RULES_FILE, RUNBOOKS_PAGE, renderDashboard, renderRules, renderRunbooks } from './rendered.ts';

const known = Object.values({ ...API_METRICS, ...WORKER_METRICS }).map(({ name }) => name);

it.each([
  [RULES_FILE, renderRules],
  [DASHBOARD_FILE, renderDashboard],
  [RUNBOOKS_PAGE, renderRunbooks],
])('%s says what the tables say', (file, render) => {
  expect(readFileSync(file, 'utf8')).toBe(render());
});

it('rules, dashboard and runbooks name no series that is not exported', () => {
  const text = [renderRules(), renderDashboard(), renderRunbooks()].join('\n');
  const named = new Set([...text.matchAll(/\bcompute_[a-z_]+/g)].map(([name]) => name));
  const ofNode = /^compute_(process|nodejs)_/;
  const exported = (name: string) =>
    known.some((each) => name.replace(/_(bucket|count|sum)$/, '') === each || name === each);
  expect([...named].filter((name) => !ofNode.test(name) && !exported(name))).toEqual([]);
  expect(named.size).toBeGreaterThan(20);
});

it('every metric has a panel', () => {
  const { panels } = JSON.parse(renderDashboard()) as { panels: { title: string; id: number }[] };
  const titles = panels.map(({ title }) => title);
  expect(known.filter((name) => !titles.includes(name))).toEqual([]);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});

it('every alert has a case and a section in the runbooks', () => {
  expect(casedAlerts().toSorted()).toEqual(alertNames().toSorted());
  const runbooks = renderRunbooks();
  for (const alert of alertNames()) {
    expect(runbooks).toContain(`\n## ${alert}\n`);
    expect(renderRules()).toContain(`docs/runbooks.md#${anchorOf(alert)}\n`);
  }
});

const missing = spawnSync('promtool', ['--version']).error?.message;

if (missing === undefined) {
  it('promtool accepts the rules, sees each alert fire in its case, and none when all is well', () => {
    const folder = mkdtempSync(join(tmpdir(), 'promtool-'));
    const run = (...args: string[]) => spawnSync('promtool', args, { encoding: 'utf8' });
    const checked = run('check', 'rules', fileURLToPath(RULES_FILE));
    expect(checked.status, checked.stderr + checked.stdout).toBe(0);
    const file = join(folder, 'cases.yaml');
    writeFileSync(file, promtoolTests(fileURLToPath(RULES_FILE)));
    const tested = run('test', 'rules', file);
    rmSync(folder, { recursive: true });
    expect(tested.status, tested.stderr + tested.stdout).toBe(0);
  }, 60_000);
} else {
  it('promtool is not here, so no alert was tried', () => {
    process.stdout.write(`The alerts were not tried: ${missing}. Debian has promtool in the package prometheus.\n`);
    expect(missing).toContain('promtool');
  });
}
