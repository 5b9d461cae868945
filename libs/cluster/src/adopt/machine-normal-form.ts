/**
 * A VirtualMachine of anybody in the words that we would write it in, as far as both mean the same: then what is left when
 * it is compared with our own manifest is a real difference. Pure.
 */
import type { TemplateVolume, VirtualMachine } from '../kinds.ts';
import { cloudInitSecretName, diskNameOfObject, sshKeysSecretName } from '../manifests/object-names.ts';
import { STARTED_WITH_ANNOTATION } from '../manifests/ownership.ts';
import { strategyOf } from './machine-spec.ts';

type Fields = Record<string, unknown>;

/** Annotations of a template that change nothing about the machine. */
const MERE_NOTES = [/^kubectl\.kubernetes\.io\//, /^vm\.kubevirt\.io\//];
/** The machine types that every cluster gives where none is named. */
const USUAL_MACHINE = /^$|^q35$|^pc-q35-/;

/** The spec alone. Labels of the template stay whatever they are: ours are added. */
export function normalMachine({ spec, ...object }: VirtualMachine, name: string): Fields {
  const copy = structuredClone(spec) as unknown as Fields & typeof spec;
  const { running: _older, instancetype, preference, template, ...rest } = copy;
  const { metadata, spec: machine } = template;
  return {
    ...rest,
    runStrategy: strategyOf({ spec, ...object }),
    ...(instancetype ? { instancetype: matcher(instancetype, 'VirtualMachineClusterInstancetype') } : {}),
    ...(preference ? { preference: matcher(preference, 'VirtualMachineClusterPreference') } : {}),
    template: {
      metadata: { annotations: annotationsOf(metadata?.annotations) },
      spec: machineOf(machine as unknown as Fields & typeof machine, name),
    },
  };
}

/** The server adds the revision that it resolved; kinds are written in any case. */
function matcher(written: Fields, kind: string): Fields {
  const { revisionName: _resolved, ...rest } = written;
  const isUsual = rest.kind === undefined || String(rest.kind).toLowerCase() === kind.toLowerCase();
  return isUsual ? { ...rest, kind } : rest;
}

/** What a machine was started with is our own record, which the row renders anew. */
function annotationsOf(annotations: Readonly<Record<string, string>> = {}): Fields {
  const kept = Object.entries(annotations).filter(
    ([name]) => name !== STARTED_WITH_ANNOTATION && !MERE_NOTES.some((note) => note.test(name)),
  );
  return Object.fromEntries(kept);
}

function machineOf(machine: Fields & VirtualMachine['spec']['template']['spec'], name: string): Fields {
  const { architecture: _ofTheCluster, volumes, accessCredentials, domain, ...rest } = machine;
  return {
    ...rest,
    domain: domainOf(domain as unknown as Fields),
    ...(volumes ? { volumes: volumes.map((volume) => volumeOf(volume, name)) } : {}),
    ...(accessCredentials ? { accessCredentials: accessCredentials.map((access) => keysUnder(access, name)) } : {}),
  };
}

function domainOf({ machine, resources, cpu, memory, ...domain }: Fields): Fields {
  const { type = '', ...ofMachine } = (machine ?? {}) as Fields;
  const isUsual = USUAL_MACHINE.test(String(type)) && Object.keys(ofMachine).length === 0;
  const { requests: { memory: requested, ...requests } = {}, ...limits } = (resources ?? {}) as { requests?: Fields };
  const size = (memory as Fields | undefined) ?? (requested === undefined ? undefined : { guest: requested });
  const others = { ...limits, ...(Object.keys(requests).length === 0 ? {} : { requests }) };
  const topology = cpuOf(cpu as Fields | undefined, size !== undefined);
  return {
    ...domain,
    ...(isUsual ? {} : { machine }),
    ...(Object.keys(others).length === 0 ? {} : { resources: others }),
    ...(topology ? { cpu: topology } : {}),
    ...(size === undefined ? {} : { memory: size }),
  };
}

/** One thread, and one of what is not named. */
function cpuOf(cpu: Fields | undefined, isSized: boolean): Fields | undefined {
  const { threads, ...rest } = cpu ?? {};
  const others = threads === undefined || threads === 1 ? rest : { ...rest, threads };
  if (isSized) return { cores: 1, sockets: 1, ...others };
  return Object.keys(others).length === 0 ? undefined : others;
}

/** A disk is named by its claim or by its DataVolume; user data is copied to our Secret, wherever it is. */
function volumeOf(volume: TemplateVolume, name: string): TemplateVolume {
  const { persistentVolumeClaim: claim, cloudInitNoCloud, ...rest } = volume;
  if (claim && diskNameOfObject(claim.claimName) !== undefined) {
    const { claimName, ...plug } = claim;
    return { ...rest, dataVolume: { name: claimName, ...plug } };
  }
  if (!cloudInitNoCloud) return volume;
  const { userData: _clear, userDataBase64: _encoded, secretRef: _named, ...network } = cloudInitNoCloud;
  return { ...rest, cloudInitNoCloud: { ...network, secretRef: { name: cloudInitSecretName(name) } } };
}

type Access = NonNullable<VirtualMachine['spec']['template']['spec']['accessCredentials']>[number];

function keysUnder(access: Access, name: string): Access {
  if (access.sshPublicKey?.source?.secret === undefined) return access;
  const source = { secret: { secretName: sshKeysSecretName(name) } };
  return { ...access, sshPublicKey: { ...access.sshPublicKey, source } };
}
