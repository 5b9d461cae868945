/**
 * `npm run audit`: asks the registry for known weaknesses of what runs in production. High and critical ones fail; a
 * registry that cannot answer is told of, and is no failure: the command then says nothing about weaknesses.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Weakness {
  readonly severity: string;
  readonly range: string;
  readonly fixAvailable: unknown;
}

interface Report {
  readonly vulnerabilities?: Readonly<Record<string, Weakness>>;
  readonly message?: string;
  readonly error?: { readonly summary?: string };
}

const FAILING = ['high', 'critical'];
const say = (line: string) => void process.stdout.write(`${line}\n`);

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  cwd: fileURLToPath(new URL('../../', import.meta.url)),
  encoding: 'utf8',
});
const report = reportOf(stdout);
if (report.vulnerabilities === undefined) {
  say(
    `The registry does not answer audits, so nothing is known of weaknesses: ${report.message ?? report.error?.summary}`,
  );
  say('0 passed, 0 failed');
} else {
  const found = Object.entries(report.vulnerabilities).filter(([, { severity }]) => FAILING.includes(severity));
  for (const [name, { severity, range, fixAvailable }] of found)
    say(`${severity}: ${name} ${range}${fixAvailable ? ', a newer version is better' : ''}`);
  say(found.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = found.length === 0 ? 0 : 1;
}

function reportOf(text: string): Report {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return { message: 'npm gave no report' };
  }
}
