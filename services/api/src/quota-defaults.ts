/** Reads the operator's file with the limits of projects of which nobody set any. */
import { readFile } from 'node:fs/promises';
import { quotaDefaultsOf, UNLIMITED_QUOTA } from '@compute/contract';
import { type Catalogue, isFault } from '@compute/domain';
import { ConfigurationError } from '@compute/runtime';

/** By claim key, null for unlimited. Throws `ConfigurationError` for a file that says something else. */
export async function readQuotaDefaults(
  file: string | undefined,
  catalogue: Catalogue,
): Promise<Record<string, number | null>> {
  if (file === undefined || file === UNLIMITED_QUOTA) return quotaDefaultsOf(file, catalogue);
  try {
    return quotaDefaultsOf(await readFile(file, 'utf8'), catalogue);
  } catch (error) {
    throw new ConfigurationError([`QUOTA_DEFAULTS_FILE ${file}: ${reasonOf(error)}`]);
  }
}

function reasonOf(error: unknown): string {
  if (isFault(error, 'InvalidArgument'))
    return [
      error.message,
      ...(error.details.fields ?? []).map(({ pointer, message }) => `${pointer}: ${message}`),
    ].join(' ');
  return error instanceof Error ? error.message : String(error);
}
