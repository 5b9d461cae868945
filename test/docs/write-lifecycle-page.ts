/** Writes docs/lifecycle.md. */
import { writeFileSync } from 'node:fs';
import { PAGE, renderLifecyclePage } from './lifecycle-tables.ts';

writeFileSync(PAGE, renderLifecyclePage());
