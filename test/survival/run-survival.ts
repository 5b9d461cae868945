/**
 * `npm run test:survival`: what takes minutes to prove about surviving. Arguments go to vitest. The last line is
 * `N passed, N failed`. Run by type stripping, so it imports nothing of the workspace.
 */
import { provenBy } from '../src/proven-by.ts';

const { passed, failed } = provenBy('test/survival/vitest.config.ts', { args: process.argv.slice(2) });
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
