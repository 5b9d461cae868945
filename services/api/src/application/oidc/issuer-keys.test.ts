import { isFault } from '@compute/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AUDIENCE, type OidcIssuer, openOidcIssuer } from '../../fixtures/oidc-issuer.ts';
import { IssuerKeys, WrongIssuer } from './issuer-keys.ts';
import { OidcVerifier } from './oidc-verifier.ts';

let issuer: OidcIssuer;
let nowMs: number;
let keys: IssuerKeys;
let verifier: OidcVerifier;
beforeEach(async () => {
  issuer = await openOidcIssuer();
  nowMs = 0;
  const settings = {
    ...{ issuer: issuer.url, audience: AUDIENCE, projectClaim: 'compute_project', scopesClaim: 'scope' },
    scopePrefix: 'compute:',
  };
  keys = new IssuerKeys(settings, () => nowMs);
  verifier = new OidcVerifier(settings, keys);
});
afterEach(() => issuer.close());

const verdict = (token: string) =>
  verifier.callerOf(token).then(
    ({ actor }) => actor.id,
    (error: unknown) => (isFault(error) ? error.code : String(error)),
  );

describe('the keys of an issuer', () => {
  it('are asked for once, however many tokens come at the same time', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.token()));
    expect(new Set(await Promise.all(tokens.map(verdict)))).toEqual(new Set(['oidc:alice']));
    expect(issuer.keyRequests).toBe(1);
  });

  it('are read again for a token with a key that is not known: a rotation needs no restart', async () => {
    await keys.open();
    const old = await issuer.token();
    await issuer.rotate();
    nowMs += 11_000;
    expect(await verdict(await issuer.token())).toBe('oidc:alice');
    expect(await verdict(old)).toBe('Unauthenticated');
  });

  it('are not asked for again and again by a flood of made-up key ids', async () => {
    await keys.open();
    const flood = await Promise.all(Array.from({ length: 100 }, (_, n) => issuer.token({}, { kid: `made-up-${n}` })));
    nowMs += 11_000;
    expect(new Set(await Promise.all(flood.map(verdict)))).toEqual(new Set(['Unauthenticated']));
    nowMs += 9_000;
    for (const token of flood) expect(await verdict(token)).toBe('Unauthenticated');
    expect(issuer.keyRequests).toBe(2);
  });

  it('serve on while the issuer is away; only what is not known has to wait', async () => {
    await keys.open();
    const known = await issuer.token();
    issuer.answerWith({ status: 503 });
    nowMs += 3_600_000;
    expect(await verdict(known)).toBe('oidc:alice');
    expect(await verdict(await issuer.token({}, { kid: 'new' }))).toBe('Unavailable');
    issuer.answerWith(undefined);
    nowMs += 11_000;
    expect(await verdict(await issuer.token({}, { kid: 'new' }))).toBe('Unauthenticated');
  });

  it('are no longer believed when nobody confirmed them for a day', async () => {
    await keys.open();
    const known = await issuer.token();
    issuer.answerWith({ status: 503 });
    nowMs += 25 * 3_600_000;
    expect(await verdict(known)).toBe('Unavailable');
  });

  it('may come late: an issuer that was away at first is asked again', async () => {
    issuer.answerWith({ status: 500 });
    await expect(keys.open()).rejects.not.toBeInstanceOf(WrongIssuer);
    const token = await issuer.token();
    expect(await verdict(token)).toBe('Unavailable');
    issuer.answerWith(undefined);
    expect(await verdict(token)).toBe('Unavailable');
    nowMs += 10_000;
    expect(await verdict(token)).toBe('oidc:alice');
  });

  it.each([
    [
      'another issuer',
      { status: 200, body: { issuer: 'https://other', jwks_uri: 'https://other/keys' } },
      /speaks for the issuer/,
    ],
    ['nothing there', { status: 404 }, /answers 404/],
    ['a list', { status: 200, body: 'text' }, /no JSON object/],
  ])('that belong to %s are a mistake in the configuration', async (_what, answer, message) => {
    issuer.answerWith(answer);
    await expect(keys.open()).rejects.toThrow(WrongIssuer);
    await expect(keys.open()).rejects.toThrow(message);
  });
});
