/** Which tokens are accepted, and where in them stands what they allow. */
export interface OidcSettings {
  readonly issuer: string;
  readonly audience: string;
  /** Absent: the discovery document says where. */
  readonly jwksUrl?: string;
  readonly projectClaim: string;
  readonly scopesClaim: string;
  readonly scopePrefix: string;
}
