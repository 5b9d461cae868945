/** The REST face as an integrator's client speaks it. */
import { type EventSource, openEvents, type TestApi } from '@compute/api/testing';
import type { FaultCode, Kind } from '@compute/domain';
import { effectText, plainObject, warningsIn } from './plain-shape.ts';
import type { Ask, AskOf, Face, Json, Outcome } from './requests.ts';

const PLURALS: Readonly<Record<Kind, string>> = { VMInstance: 'vm-instances', VMDisk: 'vm-disks' };

/** What each code is over HTTP, stated apart from the product's own table. */
const SAID: Readonly<Partial<Record<FaultCode, number>>> = {
  InvalidArgument: 422,
  UnknownField: 422,
  ImmutableField: 422,
  Unauthenticated: 401,
  PermissionDenied: 403,
  NotFound: 404,
  AlreadyExists: 409,
  QuotaExceeded: 403,
  DiskInUse: 409,
  PreconditionFailed: 412,
  IdempotencyMismatch: 422,
  WrongPowerState: 409,
  NotCancellable: 409,
};

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function restFace(api: TestApi, happen: (ask: AskOf<'watch'>) => Promise<void>): Face {
  let remembered = '';
  let pageToken = '';
  const callOf = (ask: Exclude<Ask, AskOf<'watch'>>): Call => {
    const base = `/${PLURALS[ask.kind]}`;
    switch (ask.ask) {
      case 'list':
        return { method: 'GET', path: `${base}?${listQuery(ask, ask.goOn ? pageToken : '')}` };
      case 'create':
        return { method: 'POST', path: `${base}${dry(ask)}`, body: ask.manifest, headers: keyOf(ask) };
      case 'get':
        return { method: 'GET', path: `${base}/${ask.name}` };
      case 'act':
        return { method: 'POST', path: `${base}/${ask.name}:${ask.verb}${dry(ask)}`, headers: keyOf(ask) };
      default: {
        const headers = { ...keyOf(ask), ...(ask.ifRemembered ? { 'if-match': remembered } : {}) };
        const path = `${base}/${ask.name}${dry(ask)}`;
        if (ask.ask === 'delete')
          return { method: 'DELETE', path: `${path}${ask.withDisks ? '&withDisks=true' : ''}`, headers };
        if (ask.ask === 'replace') return { method: 'PUT', path, body: ask.manifest, headers };
        const type = { 'content-type': 'application/merge-patch+json' };
        return { method: 'PATCH', path, body: ask.patch, headers: { ...headers, ...type } };
      }
    }
  };
  return {
    name: 'REST',
    perform: async (ask, { project, key }) => {
      if (ask.ask === 'watch') return watchEvents(api, ask, project, key, happen);
      const { method, path, body, headers = {} } = callOf(ask);
      const reply = await api.send<Json>(method, `/v1/projects/${project}${path}`, { body, headers, key });
      if (ask.ask === 'get' && ask.remember) remembered = reply.headers.get('etag') ?? '';
      const warnings = warningsIn(reply.headers.get('warning') ?? undefined);
      if (reply.status >= 400) return { refusal: refusalOf(reply.body), warnings };
      if (ask.ask === 'list') {
        pageToken = reply.body.nextPageToken;
        return { items: reply.body.items.map(plainObject), more: pageToken !== '', warnings };
      }
      const { dryRun, ...object } = reply.body;
      return {
        object: plainObject(object),
        warnings,
        ...(dryRun ? { effects: dryRun.quota.map(effectText) } : {}),
        replayed: reply.headers.get('idempotency-replayed') === 'true',
      };
    },
    said: (code) => `${SAID[code]} ${code}`,
    spelled: (pointer) => pointer,
    close: () => undefined,
  };
}

const dry = ({ dryRun = false }: { readonly dryRun?: boolean }): string => `?dryRun=${dryRun}`;

const keyOf = ({ key }: { readonly key?: string }): Record<string, string> =>
  key === undefined ? {} : { 'idempotency-key': key };

function listQuery(ask: AskOf<'list'>, pageToken: string): URLSearchParams {
  const { selector = '', size = 0, orderBy = '' } = ask;
  const text = { labelSelector: selector, filter: filterOf(ask), orderBy };
  return new URLSearchParams({ ...text, pageSize: `${size}`, pageToken });
}

export const filterOf = ({ phase, filter = '' }: AskOf<'list'>): string =>
  phase === undefined ? filter : `phase=${phase}`;

function refusalOf(problem: Json): NonNullable<Outcome['refusal']> {
  const { metric: _metric, scope: _scope, ...numbers } = problem.quota ?? {};
  return {
    said: `${problem.status} ${problem.code}`,
    message: problem.detail,
    fields: (problem.errors ?? []).map((error: Json) => ({ at: error.pointer, message: error.detail })),
    ...(problem.quota ? { quota: numbers } : {}),
  };
}

async function watchEvents(
  { api }: TestApi,
  ask: AskOf<'watch'>,
  project: string,
  key: string,
  happen: (ask: AskOf<'watch'>) => Promise<void>,
): Promise<Outcome> {
  const query = new URLSearchParams({ kinds: ask.kind, labelSelector: ask.selector ?? '' });
  const source: EventSource = await openEvents(`${api.restUrl}/v1/projects/${project}/watch?${query}`, {
    authorization: `Bearer ${key}`,
  });
  const told = (await source.until(({ event }) => event === 'BOOKMARK')).slice(0, -1);
  await happen(ask);
  while (told.length < ask.events) {
    const event = await source.next();
    if (!event) throw new Error('The stream ended.');
    if (event.event !== 'BOOKMARK') told.push(event);
  }
  source.close();
  const events = told.map(({ event, data }) => `${event} ${nameAndPhase(data.object as Json)}`);
  return { events, warnings: [] };
}

export const nameAndPhase = (object: Json): string => `${object.metadata.name} ${object.status.phase}`;
