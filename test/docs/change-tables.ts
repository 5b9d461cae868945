/** Renders the tables of docs/changes.md from the domain, so that the page cannot disagree with the code. */
import {
  DISK_FIELD_CHANGES,
  EFFECT_WORDS,
  type FieldChange,
  KINDS,
  type Kind,
  VM_FIELD_CHANGES,
} from '@compute/domain';

export const CHANGES_PAGE = new URL('../../docs/changes.md', import.meta.url);

const TABLES: { readonly [K in Kind]: Readonly<Record<string, FieldChange>> } = {
  VMInstance: VM_FIELD_CHANGES,
  VMDisk: DISK_FIELD_CHANGES,
};

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(kind: Kind): string {
  const rows = Object.entries(TABLES[kind]).map(([field, { effect, how }]) =>
    row([`\`${field}\``, EFFECT_WORDS[effect], how]),
  );
  return [row(['field', 'counts', 'what happens']), row(['---', '---', '---']), ...rows].join('\n');
}

/** The whole page. */
export function renderChangesPage(): string {
  const sections = KINDS.map((kind) => `## ${kind}\n\n${table(kind)}\n`);
  return [
    '# What a change does\n',
    'Rendered from `libs/domain`; write it anew with `npm run docs`. A spec may be edited at any time; this page says when a machine or a',
    'disk that is there already follows.\n',
    ...sections,
    RESTARTS,
  ].join('\n');
}

const RESTARTS = `## What waits for the next start

The answer of an edit, and of its rehearsal (\`dryRun\`), has a warning \`restart_required\` for each field that a machine which is up takes
over only when it is started anew, with a pointer to the field; kubectl prints it, gRPC sends it as metadata \`warning\`.

While such a field waits, the machine tells:

\`\`\`json
"restartRequired": { "since": "2026-11-23T01:30:00Z", "fields": ["/spec/instanceType"] }
\`\`\`

\`fields\` are JSON pointers, in gRPC paths such as \`spec.instance_type\`. Restart the machine, or stop and start it, and it is gone; it is
gone too when the field is changed back. Each machine carries what it was started with, so this survives restarts of ours, and nobody's
edit is invented: when only the platform's own way of running machines has changed, the condition \`SpecApplied\` stays \`True\` with the
reason \`PlatformUpdateWaits\`. \`fields\` is empty only for a machine that was started by a version which did not record it.

## Disks of a machine that runs

- A disk added at the end of \`disks\` is attached while the machine runs, on the scsi bus unless it names virtio or scsi. In
  \`status.disks\` it becomes \`attached\` and \`hotplugged\`. It stays so over restarts, and nobody boots from it.
- Removed from \`disks\`, a hotplugged disk is detached while the machine runs. One that was there at boot leaves at the next start.
- \`SpecApplied\` is \`False\` with the reason \`PluggingDisks\` while a disk is on its way.
- A disk belongs to the machine that really has it: \`VMDisk.status.attachedTo\` names it until the guest has let go, whatever its spec says.
  Another machine that names the disk waits, \`DisksReady\` being \`False\` with the reason \`DiskInUse\` and the name of the holder, and the
  disk cannot be deleted under a machine that is up.
`;
