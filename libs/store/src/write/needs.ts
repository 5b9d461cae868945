/** What a batch must load and lock before its commands can be decided: gathered from the commands alone. */
import type { Claim, Kind } from '@compute/domain';
import type { ResourceRef, Target } from '../commands.ts';
import type { Command } from './decision.ts';

export interface NamedTarget extends ResourceRef {
  /** Also the disks that a VM names. */
  readonly withDisks: boolean;
}

export interface Needs {
  readonly uids: Map<string, { withDisks: boolean }>;
  readonly names: NamedTarget[];
  readonly projects: Set<string>;
  readonly idempotencyKeys: string[];
  /** Disks whose attachments matter, by project. */
  readonly disks: { project: string; disk: string }[];
  /** New claims whose project is known from the command. */
  readonly claims: { project: string; claim: Claim }[];
  /** New claims of targets that are known by uid only. */
  readonly claimsByUid: { uid: string; claim: Claim }[];
  /** Whether a command changes what rows hold. A report of a worker does so only where less is needed than held. */
  readonly changesHeldClaims: boolean;
  readonly deletes: boolean;
}

export function needsOf(commands: readonly Command[]): Needs {
  const needs: Needs = {
    uids: new Map(),
    names: [],
    projects: new Set(),
    idempotencyKeys: [],
    disks: [],
    claims: [],
    claimsByUid: [],
    changesHeldClaims: commands.some(({ verb }) => verb === 'want' || verb === 'remove'),
    deletes: commands.some(({ verb }) => verb === 'requestDeletion'),
  };
  for (const command of commands) add(needs, command);
  return needs;
}

function add(needs: Needs, command: Command): void {
  if ('idempotency' in command && command.idempotency) needs.idempotencyKeys.push(command.idempotency.key);
  switch (command.verb) {
    case 'create':
      needs.projects.add(command.project);
      needs.claims.push({ project: command.project, claim: command.claim });
      addName(needs, command, false);
      addDisks(needs, command.project, command.attachments);
      if (command.kind === 'VMDisk') needs.disks.push({ project: command.project, disk: command.name });
      return;
    case 'want':
      addTarget(needs, command.target, true);
      addClaim(needs, command.target, command.claim);
      addDisks(needs, command.target.project, command.attachments);
      return;
    case 'requestDeletion':
      addTarget(needs, command.target, true);
      return;
    case 'observe':
      addTarget(needs, { uid: command.uid }, false);
      return;
    case 'remove':
      addTarget(needs, { uid: command.uid }, true);
  }
}

function addTarget(needs: Needs, target: Target | { readonly uid: string }, withDisks: boolean): void {
  if (!('uid' in target)) {
    addName(needs, target, withDisks);
    return;
  }
  const known = needs.uids.get(target.uid)?.withDisks ?? false;
  needs.uids.set(target.uid, { withDisks: withDisks || known });
}

function addClaim(needs: Needs, target: Target, claim: Claim = {}): void {
  if ('uid' in target) needs.claimsByUid.push({ uid: target.uid, claim });
  else needs.claims.push({ project: target.project, claim });
}

function addName(needs: Needs, { kind, project, name }: ResourceRef, withDisks: boolean): void {
  needs.names.push({ kind, project, name, withDisks });
}

function addDisks(needs: Needs, project: string, attachments: readonly { disk: string }[] = []): void {
  const kind: Kind = 'VMDisk';
  for (const { disk } of attachments) {
    needs.disks.push({ project, disk });
    addName(needs, { kind, project, name: disk }, false);
  }
}
