/** Projects and API keys. The secret of a key is in no view: it is handed out once, when the key is made. */
import {
  API_KEY_SCOPES,
  type ApiKeyRecord,
  type ApiKeyScope,
  nameProblems,
  PROJECT_NAME_MAX_LENGTH,
  type ProjectRecord,
} from '@compute/domain';
import { z } from 'zod';

export interface ProjectView {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly createdAt: string;
}

export function projectView({ name, uid, namespace, createdAt }: ProjectRecord): ProjectView {
  return { name, uid, namespace, createdAt: createdAt.toISOString() };
}

export interface ApiKeyView {
  readonly id: string;
  /** Absent: every project. */
  readonly project?: string;
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  readonly lastUsedAt?: string;
  /** When it should have been replaced. */
  readonly rotateBy: string;
}

const DAY_MS = 86_400_000;
const ROTATE_AFTER_DAYS = 90;
const ROTATE_BEFORE_END_DAYS = 7;

/** When a key should have been replaced: after 90 days, and a week before it ends by itself; a hint that nothing enforces. */
export function rotateBy({ createdAt, expiresAt }: Pick<ApiKeyRecord, 'createdAt' | 'expiresAt'>): Date {
  const byAge = createdAt.getTime() + ROTATE_AFTER_DAYS * DAY_MS;
  const byEnd = expiresAt ? expiresAt.getTime() - ROTATE_BEFORE_END_DAYS * DAY_MS : byAge;
  return new Date(Math.max(createdAt.getTime(), Math.min(byAge, byEnd)));
}

export function apiKeyView(key: ApiKeyRecord): ApiKeyView {
  const { id, project, name, scopes, createdAt, expiresAt, revokedAt, lastUsedAt } = key;
  return {
    id,
    ...(project === undefined ? {} : { project }),
    name,
    scopes,
    createdAt: createdAt.toISOString(),
    ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
    ...(revokedAt ? { revokedAt: revokedAt.toISOString() } : {}),
    ...(lastUsedAt ? { lastUsedAt: lastUsedAt.toISOString() } : {}),
    rotateBy: rotateBy(key).toISOString(),
  };
}

const projectName = z.string().superRefine((name, context) => {
  for (const { message } of nameProblems(name, PROJECT_NAME_MAX_LENGTH, ''))
    context.addIssue({ code: 'custom', message });
});

export const createProjectSchema = z.strictObject({ name: projectName });

export const createApiKeySchema = z.strictObject({
  project: z.string().max(63).optional().meta({ description: 'Left out: a key for every project.' }),
  name: z.string().min(1).max(100).meta({ description: 'What the key is for.' }),
  scopes: z
    .array(z.enum(API_KEY_SCOPES))
    .min(1)
    .default(() => ['read', 'write'] as ApiKeyScope[]),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});
