/** Who there is and who may come in. */
export interface ProjectRecord {
  readonly name: string;
  readonly uid: string;
  readonly clusterId: string;
  /** Where the project's objects live in the cluster. */
  readonly namespace: string;
  readonly createdAt: Date;
}

export const API_KEY_SCOPES = ['read', 'write', 'admin'] as const;
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

export interface ApiKeyRecord {
  readonly id: string;
  /** Absent: every project. */
  readonly project?: string;
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date;
}
