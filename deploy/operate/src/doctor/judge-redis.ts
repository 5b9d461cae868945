/** Whether Redis can carry the queue. It may forget everything at any time, but it must not throw away parts. */
import { inspectRedis } from '@compute/queue';
import { type Finding, Findings } from './finding.ts';

const FULL = 0.8;

/** Throws `Unavailable`. */
export async function judgeRedis(redisUrl: string): Promise<Finding[]> {
  const facts = await inspectRedis(redisUrl);
  const findings = new Findings('redis');
  if (facts.isRecent) findings.ok(`Redis ${facts.version} answers.`);
  else findings.error(`Redis ${facts.version} is too old.`, 'Upgrade it to 6.2 or newer.');
  judgeMemory(findings, facts);
  if (facts.keepsAppendLog) findings.ok('Redis keeps the queue over a restart.');
  else findings.ok('Redis forgets the queue when it restarts; workers then look at every resource once.');
  return findings.all;
}

function judgeMemory(
  findings: Findings,
  { evictionPolicy, memoryLimitBytes, usedBytes }: Awaited<ReturnType<typeof inspectRedis>>,
): void {
  if (evictionPolicy === 'noeviction') findings.ok('Redis throws nothing away when its memory is full.');
  else {
    const say = memoryLimitBytes > 0 ? findings.error.bind(findings) : findings.warning.bind(findings);
    const then =
      memoryLimitBytes > 0
        ? 'will throw parts of the queue away'
        : 'would throw parts of the queue away if it had a limit of memory';
    say(`Redis ${then} when its memory is full (${evictionPolicy}).`, 'Set maxmemory-policy to noeviction.');
  }
  if (memoryLimitBytes > 0 && usedBytes > FULL * memoryLimitBytes)
    findings.warning(
      `Redis uses ${Math.round((100 * usedBytes) / memoryLimitBytes)} % of the memory that it may.`,
      'Raise maxmemory, or see why workers do not empty the queue.',
    );
}
