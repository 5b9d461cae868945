/** API keys, among them the first, which nobody could ask the API for. */
import { API_KEY_SCOPES, type ApiKeyRecord, type ApiKeyScope } from '@compute/domain';
import { type Call, type Command, WrongCall } from '../command.ts';
import { withStore } from '../store-call.ts';

const MS_PER_DAY = 86_400_000;

export const createKey: Command = {
  usage: '<name> [--project <project>] --scopes read,write [--days <days>]',
  about: 'Makes an API key and shows its token, once.',
  words: 1,
  options: {
    project: { takes: '<project>', about: 'the only project that it opens; without it all of them' },
    scopes: { takes: '<scopes>', about: `any of ${API_KEY_SCOPES.join(', ')}, with commas between` },
    days: { takes: '<days>', about: 'how long it is good for; without it for ever' },
  },
  run: async (call) => {
    const project = call.text('project');
    const expiresAt = expiryOf(call);
    const request = { name: call.word(0), scopes: scopesOf(call), ...(expiresAt === undefined ? {} : { expiresAt }) };
    const { record, token } = await withStore(call, (store) =>
      store.createApiKey({ ...request, ...(project === undefined ? {} : { project }) }),
    );
    return { json: { ...record, token }, lines: [lineOf(record), token] };
  },
};

export const listKeys: Command = {
  usage: '[--project <project>]',
  about: 'Lists API keys, newest first; never their secrets.',
  words: 0,
  options: { project: { takes: '<project>', about: 'those of one project' } },
  run: async (call) => {
    const keys = await withStore(call, (store) => store.apiKeys(call.text('project')));
    return { json: { keys }, lines: keys.map(lineOf) };
  },
};

export const revokeKey: Command = {
  usage: '<id>',
  about: 'Revokes an API key; within a second nothing is opened by it any more.',
  words: 1,
  options: {},
  run: async (call) => {
    const key = await withStore(call, (store) => store.revokeApiKey(call.word(0)));
    return { json: key, lines: [lineOf(key)] };
  },
};

function scopesOf(call: Call): ApiKeyScope[] {
  return call
    .required('scopes')
    .split(',')
    .map((word) => {
      const scope = API_KEY_SCOPES.find((known) => known === word);
      if (scope === undefined) throw new WrongCall(`"${word}" is no scope. There are: ${API_KEY_SCOPES.join(', ')}.`);
      return scope;
    });
}

function expiryOf(call: Call): Date | undefined {
  const text = call.text('days');
  if (text === undefined) return undefined;
  const days = Number(text);
  if (!(days > 0)) throw new WrongCall('--days takes a number of days.');
  return new Date(Date.now() + days * MS_PER_DAY);
}

function lineOf({ id, name, project, scopes, expiresAt, revokedAt }: ApiKeyRecord): string {
  const end = revokedAt
    ? `revoked ${revokedAt.toISOString()}`
    : expiresAt
      ? `until ${expiresAt.toISOString()}`
      : 'for ever';
  return `${id}  ${name}  ${project ?? 'every project'}  ${scopes.join(',')}  ${end}`;
}
