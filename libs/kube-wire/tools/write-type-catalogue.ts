/**
 * Writes src/kinds/catalogue/*-types.ts: which fields the types of Kubernetes, KubeVirt and CDI have, in the notation
 * that src/kinds/catalogue/type-notation.ts reads. The facts come from the typed clients among the development
 * dependencies; run it again (`node libs/kube-wire/tools/write-type-catalogue.ts`) when those move to a new version.
 * Texts are not taken over, only names, types and whether a field is required.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Field {
  name: string;
  required: boolean;
  type: string;
}

const maxLineLength = 120;

type Types = Map<string, Field[]>;

const root = join(import.meta.dirname, '../../..');
const target = join(import.meta.dirname, '../src/kinds/catalogue');

/** Fields that hold quantities, which clients type as strings and servers accept as numbers too. */
const quantityFields = new Set(
  'allocatable allocatedResources capacity divisor guest guestAtBoot guestCurrent guestRequested hard limits maxGuest overhead requests size sizeLimit used'.split(
    ' ',
  ),
);

/** Fields that the typed clients do not have, by type: newer ones, and times that may be null. */
const additions: Record<string, Record<string, string>> = {
  cdi: { V1beta1DataVolumeSourceHTTP: 'checksum:s insecureSkipVerify:b' },
  kubevirt: {
    V1beta1DataVolumeSourceHTTP: 'checksum:s insecureSkipVerify:b',
    V1VirtualMachineCondition: 'lastProbeTime:* lastTransitionTime:*',
    V1VirtualMachineInstanceCondition: 'lastProbeTime:* lastTransitionTime:*',
  },
  kubernetes: {},
};

function parse(text: string, pattern: RegExp): Types {
  const types: Types = new Map();
  for (const [, name = '', body = ''] of text.matchAll(pattern)) {
    const lines = body.replace(/\{\s*\[key: string\]: ([^;]+);\s*\}/g, '{ [key: string]: $1 }');
    const fields = [...lines.matchAll(/^ {4}(?:readonly )?'?([\w$-]+)'?(\??): (.+);$/gm)].map(
      ([, field = '', optional, type = '']) => ({ name: field.replace(/^_/, ''), required: optional === '', type }),
    );
    if (!types.has(name)) types.set(name, fields);
  }
  return types;
}

function kubernetesTypes(): Types {
  const folder = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models');
  const all: Types = new Map();
  for (const file of readdirSync(folder).filter((name) => /^(V1|Core|Events|Rbac|Storage).*\.d\.ts$/.test(name))) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [name, fields] of parse(text, /export declare class (\w+) \{\n([\s\S]*?)\n {4}static/g))
      all.set(name, fields);
  }
  return all;
}

function clientTypes(part: string): Types {
  const file = join(root, `node_modules/@kubevirt-ui-ext/kubevirt-api/dist/${part}/index.d.ts`);
  return parse(readFileSync(file, 'utf8'), /^interface (\w+) \{\n([\s\S]*?)\n\}/gm);
}

/** The notation of one type; follows named types. */
function notation(type: string, field: string, types: Types, follow: (name: string) => string): string {
  const list = /^(?:Array|Set)<(.+)>$/.exec(type);
  if (list) return `[${notation(list[1] ?? '', field, types, follow)}]`;
  const map = /^\{ ?\[key: string\]: (.+?);? ?\}$/.exec(type.replace(/\s+/g, ' '));
  if (map) return `{${notation(map[1] ?? '', field, types, follow)}}`;
  const simple: Record<string, string> = { boolean: 'b', Date: 't', number: 'n', IntOrString: 'q' };
  if (type === 'string') return quantityFields.has(field) ? 'q' : 's';
  if (simple[type] !== undefined) return simple[type];
  if (/Enum$/.test(type) || /^('|")/.test(type)) return 's';
  if (/ObjectMeta$/.test(type)) return '*';
  return (types.get(type)?.length ?? 0) > 0 ? follow(type) : '*';
}

function shortName(name: string): string {
  return name.replace(/^(K8sIoApiCoreV1|CoreV1|EventsV1|RbacV1|StorageV1|V1beta1|V1)(?=[A-Z])/, '');
}

function catalogue(types: Types, roots: string[], extra: Record<string, string>): Map<string, string> {
  const names = new Map<string, string>();
  const result = new Map<string, string>();
  const queue: string[] = [];
  const follow = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const short = shortName(name);
    const chosen = [...names.values()].includes(short) ? name : short;
    names.set(name, chosen);
    queue.push(name);
    return chosen;
  };
  for (const name of roots) follow(name);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const fields = (types.get(name) ?? []).filter(
      (field) => !['apiVersion', 'kind', 'metadata'].includes(field.name) || !roots.includes(name as string),
    );
    const parts = fields.map(
      (field) => `${field.name}${field.required ? '!' : ''}:${notation(field.type, field.name, types, follow)}`,
    );
    result.set(names.get(name) ?? name, [...parts, ...(extra[name]?.split(' ') ?? [])].join(' '));
  }
  return result;
}

function write(part: string, types: Types, roots: string[]): void {
  const missing = roots.filter((name) => !types.has(name));
  if (missing.length > 0) throw new Error(`${part} has no ${missing.join(', ')}`);
  const entries = [...catalogue(types, roots, additions[part] ?? {})].sort(([a], [b]) => (a < b ? -1 : 1));
  // Broken as the formatter breaks it, so that writing again changes nothing.
  const lines = entries.map(([name, text]) => {
    const line = `  ${name}: '${text}',`;
    return line.length <= maxLineLength ? line : `  ${name}:\n    '${text}',`;
  });
  const head = `/** The types of ${part}, written by tools/write-type-catalogue.ts; see type-notation.ts for the notation. */`;
  writeFileSync(
    join(target, `${part}-types.ts`),
    `${head}\nexport const ${part}Types: Readonly<Record<string, string>> = {\n${lines.join('\n')}\n};\n`,
  );
}

write('kubernetes', kubernetesTypes(), [
  'V1Pod',
  'V1Node',
  'V1Namespace',
  'V1Service',
  'V1Secret',
  'V1ConfigMap',
  'V1ServiceAccount',
  'V1ResourceQuota',
  'V1PersistentVolume',
  'V1PersistentVolumeClaim',
  'V1StorageClass',
  'V1CSIDriver',
  'V1Lease',
  'CoreV1Event',
  'EventsV1Event',
  'V1Role',
  'V1RoleBinding',
  'V1ClusterRole',
  'V1ClusterRoleBinding',
]);
write('kubevirt', clientTypes('kubevirt'), [
  'V1VirtualMachine',
  'V1VirtualMachineInstance',
  'V1VirtualMachineInstanceMigration',
  'V1beta1VirtualMachineClusterInstancetype',
  'V1beta1VirtualMachineClusterPreference',
]);
write('cdi', clientTypes('containerized-data-importer'), ['V1beta1DataVolume', 'V1beta1DataSource']);
