/** `npm run baseline`: makes the present contract the one that later changes are held against. */
import { writeBaseline } from './baseline.ts';

writeBaseline();
