/** What the claims of a token allow, as the operator mapped them. Pure. */
import { API_KEY_SCOPES, type ApiKeyScope, nameProblems, PROJECT_NAME_MAX_LENGTH } from '@compute/domain';
import type { OidcSettings } from './oidc-settings.ts';

export type Claims = Readonly<Record<string, unknown>>;

export type TokenRights =
  | { readonly project?: string; readonly scopes: readonly ApiKeyScope[] }
  /** A sentence for whoever made the token. */
  | { readonly refusal: string };

const EVERY_PROJECT = '*';

/** A token without a project or a scope allows nothing, and says so. */
export function rightsOf(claims: Claims, settings: OidcSettings): TokenRights {
  const { projectClaim, scopesClaim, scopePrefix } = settings;
  const [project, ...others] = wordsOf(claimAt(claims, projectClaim));
  if (project === undefined) return { refusal: `The token’s claim '${projectClaim}' names no project.` };
  if (others.length > 0) return { refusal: `The token’s claim '${projectClaim}' names more than one project.` };
  const isName = nameProblems(project, PROJECT_NAME_MAX_LENGTH, '').length === 0;
  if (project !== EVERY_PROJECT && !isName)
    return { refusal: `The token’s claim '${projectClaim}' is not the name of a project.` };
  const granted = new Set(wordsOf(claimAt(claims, scopesClaim)));
  const scopes = API_KEY_SCOPES.filter((scope) => granted.has(scopePrefix + scope));
  if (scopes.length === 0) {
    const possible = API_KEY_SCOPES.map((scope) => scopePrefix + scope).join(', ');
    return { refusal: `The token’s claim '${scopesClaim}' has none of the scopes ${possible}.` };
  }
  return project === EVERY_PROJECT ? { scopes } : { project, scopes };
}

/** The claim of that very name, or where its dots lead. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Claims)[key];
  }, claims);
}

function wordsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  return Array.isArray(value) ? value.filter((word): word is string => typeof word === 'string') : [];
}
