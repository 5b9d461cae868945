/**
 * Takes out of installed dependencies what nothing reads at run time: `node slim.mjs node_modules`. Types, sources, maps and documents
 * by their endings (licences stay); of Prisma, the query compilers of databases that this product does not speak; the workspace's own
 * packages that no image holds, whose links would point nowhere.
 */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const UNREAD = /\.([cm]?ts|map|md|markdown|tsbuildinfo)$/;
const LICENCE = /licen[cs]e|notice|copying/i;
const OTHER_DATABASES = /query_compiler_\w+\.(cockroachdb|mysql|sqlite|sqlserver)\./;
const IN_NO_IMAGE = ['simulator', 'test-services'];

const [root] = process.argv.slice(2);
if (root === undefined) throw new Error('Say which folder: node slim.mjs node_modules');

for (const name of IN_NO_IMAGE) rmSync(join(root, '@compute', name), { force: true });
const entries = readdirSync(root, { recursive: true, withFileTypes: true });
let freedBytes = 0;
for (const entry of entries) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !isUnread(entry.name)) continue;
  freedBytes += lstatSync(path).size;
  rmSync(path);
}
function isUnread(name) {
  return (UNREAD.test(name) && !LICENCE.test(name)) || OTHER_DATABASES.test(name);
}

process.stdout.write(`${Math.round(freedBytes / 1e6)} MB of types, maps and documents removed.\n`);
