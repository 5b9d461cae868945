/** Waits for a check to hold. Of use in cases side by side, where vitest's own polling may not know which case it belongs to. */
import { vi } from 'vitest';

const PATIENCE_MS = 90_000;
const PAUSE_MS = 250;

/** Resolves when the check no longer throws; rejects with what it threw last. */
export async function soon(check: () => Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: PATIENCE_MS, interval: PAUSE_MS });
}
