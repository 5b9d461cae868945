/**
 * JWTs of the configured issuer. One that answers wrongly is a mistake in the configuration, and nothing starts; one
 * that is away may come back.
 */
import { ConfigurationError, type Logger } from '@compute/runtime';
import { oidcSettings } from './access-settings.ts';
import type { ApiConfig } from './api-config.ts';
import { IssuerKeys, WrongIssuer } from './application/oidc/issuer-keys.ts';
import { OidcVerifier } from './application/oidc/oidc-verifier.ts';

/** Undefined: API keys only. Throws `ConfigurationError`. */
export async function openOidc(config: ApiConfig, logger: Logger): Promise<OidcVerifier | undefined> {
  const settings = oidcSettings(config);
  if (!settings) return undefined;
  const keys = new IssuerKeys(settings);
  try {
    await keys.open();
    logger.event('oidc.ready', { issuer: settings.issuer, audience: settings.audience });
  } catch (error) {
    if (error instanceof WrongIssuer) throw new ConfigurationError([`OIDC_ISSUER: ${error.message}.`]);
    logger.event('oidc.unreachable', { err: error, issuer: settings.issuer });
  }
  return new OidcVerifier(settings, keys);
}
