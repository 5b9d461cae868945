/** How many rows a page may have. */
const LARGEST_PAGE = 1_000;

export function clampLimit(limit: number): number {
  return Math.max(1, Math.min(LARGEST_PAGE, Math.trunc(limit)));
}
