/**
 * Every event that the services write to their logs: a closed list, so that alerts and searches can lean on names. Who logs
 * names one of these, and the compiler refuses any other; docs/log-events.md is rendered from it.
 *
 * A reader could break: names and fields are a public interface. An event may get fields; it keeps its name and its meaning.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export interface LogEventDefinition {
  readonly level: LogLevel;
  /** What the line says to a person; always the same, so that lines can be counted. */
  readonly message: string;
  /** What to do about it; absent where nothing is to be done. */
  readonly remedy?: string;
  /** Fields beside the ids of the work in hand. */
  readonly fields: Readonly<Record<string, string>>;
}

const ANSWERED = {
  ...{ face: 'rest, grpc or kube', route: 'the pattern or method', code: 'the status in the words of the face' },
  durationMs: 'how long it took',
};

const ERR = { err: 'what went wrong: type, message, code, causes' };

export const LOG_EVENTS = {
  'api.ready': {
    level: 'info',
    message: 'the API takes requests',
    fields: {
      ...{ restUrl: 'REST', grpcAddress: 'gRPC', kubeUrl: 'kubectl', docs: 'its documents' },
      ...{ restPort: 'port of REST', grpcPort: 'port of gRPC', kubePort: 'port for kubectl' },
    },
  },
  'api.start-failed': {
    level: 'fatal',
    message: 'the API could not start',
    remedy: 'Mend what `err` names; `operate doctor` looks at everything that it stands on.',
    fields: ERR,
  },
  'worker.waiting': {
    level: 'info',
    message: 'waiting for the first lists of the cluster',
    remedy: 'When `worker.ready` does not follow within a minute, see `cluster.trouble`.',
    fields: { metricsUrl: 'where its figures are' },
  },
  'worker.held': {
    level: 'error',
    message: 'the database was restored from a backup: nothing is done until an operator has decided',
    remedy: 'See restoring.md: `operate restore check`, then `operate restore finish`.',
    fields: { state: '`behind`: the cluster has seen a later database; `held`: a restore was begun and not finished' },
  },
  'worker.database-unknown': {
    level: 'warn',
    message: 'whether the database is up to date is not known yet',
    remedy: 'Mend what `err` names; nothing is done before.',
    fields: ERR,
  },
  'worker.database-replaced': {
    level: 'fatal',
    message: 'the database was replaced by an older one: this worker ends',
    remedy: 'See restoring.md.',
    fields: { state: 'as of `worker.held`' },
  },
  'worker.ready': {
    level: 'info',
    message: 'the worker takes work',
    fields: { metricsUrl: 'where its figures are', concurrency: 'looks at the same time' },
  },
  'worker.start-failed': {
    level: 'fatal',
    message: 'the worker could not start',
    remedy: 'Mend what `err` names; `operate doctor` looks at everything that it stands on.',
    fields: ERR,
  },
  'process.stopping': { level: 'info', message: 'stopping', fields: { reason: 'the signal, or why' } },
  'process.stopped': { level: 'info', message: 'stopped', fields: { problems: 'steps that failed' } },
  'process.step-stopped': {
    level: 'debug',
    message: 'a part stopped',
    fields: { step: 'the part', durationMs: 'how long it took' },
  },
  'process.step-failed': {
    level: 'error',
    message: 'a part did not stop in order',
    remedy: 'Nothing is lost: what it did is taken up by others. When it repeats, report it with `err`.',
    fields: { ...ERR, step: 'the part' },
  },
  'process.crashed': {
    level: 'fatal',
    message: 'an error was caught by nobody; the process ends',
    remedy: 'A fault of ours. It starts again by itself; report it with `err`.',
    fields: { ...ERR, origin: 'an exception or a rejected promise' },
  },
  'secrets.keys-read': {
    level: 'info',
    message: 'the keys that open secrets',
    fields: { current: 'fingerprint of the one that seals', others: 'fingerprints of those that only open' },
  },
  'secrets.keys-replaced': {
    level: 'info',
    message: 'the files hold other keys; they are in use',
    fields: { current: 'fingerprint of the one that seals', others: 'fingerprints of those that only open' },
  },
  'secrets.keys-unreadable': {
    level: 'warn',
    message: 'the files of the keys cannot be read; the keys of before stay',
    remedy: 'Put the files right before the process starts again: it would not start.',
    fields: ERR,
  },
  'request.answered': { level: 'debug', message: 'a request to read was answered', fields: ANSWERED },
  'change.answered': { level: 'info', message: 'a request for a change was answered', fields: ANSWERED },
  'request.failed': {
    level: 'error',
    message: 'a request failed for a reason of ours',
    remedy: 'A fault of ours: report it with `err`. The caller may try again under the same idempotency key.',
    fields: ERR,
  },
  'request.refused': {
    level: 'warn',
    message: 'somebody who is known was refused',
    remedy: 'Many of one `address`: see whether a key was stolen; revoke it.',
    fields: {
      ...{ actor: 'who', face: 'where', address: 'from where', code: 'PermissionDenied or Unauthenticated' },
      reason: 'why',
    },
  },
  'tls.unreadable': {
    level: 'warn',
    message: 'a certificate cannot be read again; the one of before stays',
    remedy: 'Put a certificate and its own key in place before the present one ends.',
    fields: ERR,
  },
  'oidc.ready': {
    level: 'info',
    message: 'tokens of the issuer are accepted',
    fields: { issuer: 'whose', audience: 'for whom' },
  },
  'oidc.unreachable': {
    level: 'warn',
    message: 'the issuer of tokens cannot be reached yet',
    remedy: 'Its tokens are refused until it answers; API keys are not concerned.',
    fields: { ...ERR, issuer: 'whose' },
  },
  'quota.defaults-followed': {
    level: 'info',
    message: 'limits that nobody set follow new defaults',
    fields: { limits: 'how many' },
  },
  'quota.repaired': {
    level: 'error',
    message: 'quota counters differed from the rows and were repaired',
    remedy: 'A fault of ours, already set right: report it with `drifts`.',
    fields: { alarm: 'quota', drifts: 'which counters, and by how much' },
  },
  'store.trouble': {
    level: 'warn',
    message: 'the database gave trouble in the background',
    remedy: 'It is tried again by itself. When it goes on, see `operate doctor`.',
    fields: ERR,
  },
  'queue.trouble': {
    level: 'warn',
    message: 'the queue gave trouble',
    remedy: 'It is tried again by itself, and the sweep finds what was not queued. When it goes on, see Redis.',
    fields: ERR,
  },
  'queue.rebuilt': {
    level: 'info',
    message: 'the queue is new or Redis had forgotten it; everything is looked at again',
    fields: { count: 'resources' },
  },
  'cluster.trouble': {
    level: 'warn',
    message: 'a list or a watch of the cluster failed',
    remedy: 'It is tried again for ever. When it goes on, see whether `kubectl` answers with the same kubeconfig.',
    fields: ERR,
  },
  'cluster.action-failed': {
    level: 'warn',
    message: 'an action on the cluster did not get done',
    remedy: 'It is tried again, or shown on the resource. Many with the same `code`: see the cluster.',
    fields: { ...ERR, action: 'which', code: 'of what kind' },
  },
  'catalogue.installed': {
    level: 'info',
    message: 'instance types that the cluster lacked were installed',
    fields: { installed: 'their names' },
  },
  'catalogue.differs': {
    level: 'warn',
    message: 'instance types of the cluster differ from the catalogue, which is what is billed',
    remedy: 'See [catalogue.md](catalogue.md): put the catalogue or the cluster right.',
    fields: { differing: 'their names' },
  },
  'catalogue.preferences-missing': {
    level: 'warn',
    message: 'the cluster lacks preferences of the catalogue',
    remedy: 'Install the preferences of KubeVirt; machines with these profiles do not start.',
    fields: { missingProfiles: 'their names' },
  },
  'orphans.found': {
    level: 'warn',
    message: 'objects in the cluster belong to no resource',
    remedy: 'See [drift.md](drift.md) and `operate orphans`.',
    fields: { count: 'how many', orphans: 'the first of them' },
  },
  'drift.found': {
    level: 'warn',
    message: 'objects were changed in the cluster by hand',
    remedy: 'See [drift.md](drift.md): who changes what is ours?',
    fields: { changed: 'which objects', policy: 'what is done about it' },
  },
  'resource.failed': {
    level: 'warn',
    message: 'a resource began to fail',
    remedy: 'See the code in [failures.md](failures.md). Many with the same `code`: see the cluster.',
    fields: { code: 'of the failure', failure: 'what the user is told', clusterMessage: 'the cluster’s own words' },
  },
  'look.done': {
    level: 'debug',
    message: 'a resource was looked at',
    fields: { outcome: 'how it ended', durationMs: 'how long it took' },
  },
  'look.failed': {
    level: 'error',
    message: 'a look failed and will be repeated',
    remedy: 'When it goes on: the database or a fault of ours; `err` says which.',
    fields: { ...ERR, omitted: 'lines of the same kind that were left out' },
  },
  'look.not-scheduled': {
    level: 'error',
    message: 'the next look could not be scheduled; the sweep will find it',
    remedy: 'As for `look.failed`.',
    fields: { ...ERR, omitted: 'lines of the same kind that were left out' },
  },
  'loop.failed': {
    level: 'error',
    message: 'a background loop failed and will run again',
    remedy: 'When one `loop` goes on failing: see its part in [operating.md](operating.md) and `err`.',
    fields: { ...ERR, loop: 'which' },
  },
  'webhook.disabled': {
    level: 'warn',
    message: 'a webhook was disabled',
    remedy: 'Tell its owner: see [webhooks.md](webhooks.md).',
    fields: { webhook: 'its id', reason: 'why' },
  },
  'stack.part-failed': {
    level: 'error',
    message: 'a part of the development stack did not start',
    remedy: 'See its own log beside.',
    fields: ERR,
  },
} as const satisfies Readonly<Record<string, LogEventDefinition>>;

export type LogEventName = keyof typeof LOG_EVENTS;

/** Values of the fields that an event has; others do not compile. */
export type LogFields<N extends LogEventName> = { readonly [F in keyof (typeof LOG_EVENTS)[N]['fields']]?: unknown };
