/** Whether the cluster can be driven: it answers, we may do what the worker's role grants, it serves what we speak about. */
import { readFileSync } from 'node:fs';
import {
  compareCatalogue,
  featureGates,
  type GatesOfOperator,
  missingApis,
  missingRights,
  type RoleRule,
} from '@compute/cluster';
import type { Catalogue } from '@compute/domain';
import { KubeClient } from '@compute/kube-client';
import { parse } from 'yaml';
import { type Finding, Findings, judgeClock } from './finding.ts';

/** An HTTP date has whole seconds. */
const DATE_PRECISION_MS = 1_000;
const TIMEOUT_MS = 10_000;

export interface ClusterQuestion {
  /** Path; absent: as client libraries look for one. */
  readonly kubeconfig: string | undefined;
  /** Path of the ClusterRole that the account must satisfy. */
  readonly role: string;
  readonly catalogue: Catalogue;
}

/** Throws KubeError when the cluster does not answer, and an Error when the kubeconfig or the role cannot be read. */
export async function judgeCluster({ kubeconfig, role, catalogue }: ClusterQuestion): Promise<Finding[]> {
  let skewMs: number | undefined;
  const onCall = ({ serverTime }: { serverTime?: Date }) => {
    if (serverTime) skewMs = serverTime.getTime() - Date.now();
  };
  const options = { timeoutMs: TIMEOUT_MS, userAgent: 'compute-operate', onCall };
  const client =
    kubeconfig === undefined ? KubeClient.fromDefault(options) : KubeClient.fromKubeconfigFile(kubeconfig, options);
  try {
    const findings = new Findings('cluster');
    const { gitVersion } = await client.raw<{ gitVersion: string }>('GET', '/version');
    findings.ok(`Kubernetes ${gitVersion} answers at ${client.server}.`);
    if (skewMs !== undefined) judgeClock(findings, 'the cluster', skewMs, DATE_PRECISION_MS);
    await judgeRights(findings, client, role);
    await judgeKinds(findings, client, catalogue);
    return findings.all;
  } finally {
    await client.close();
  }
}

async function judgeRights(findings: Findings, client: KubeClient, role: string): Promise<void> {
  const { rules } = parse(readFileSync(role, 'utf8')) as { rules: RoleRule[] };
  const missing = await missingRights(client, rules);
  findings.none(
    missing.map(({ verb, group, resource }) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`),
    'The account has every right that a worker uses.',
    (list) => `The account may not: ${list}.`,
    'Apply deploy/cluster/worker-role.yaml and bind it to the account of the kubeconfig in all namespaces.',
  );
}

async function judgeKinds(findings: Findings, client: KubeClient, catalogue: Catalogue): Promise<void> {
  const missing = await missingApis(client);
  findings.none(
    missing,
    'The cluster serves every kind that we speak about.',
    (list) => `The cluster does not serve: ${list}.`,
    'Install KubeVirt and CDI in a version that serves them.',
  );
  if (missing.length > 0) return;
  const { kubevirt, cdi } = await featureGates(client);
  judgeGates(findings, 'KubeVirt', kubevirt, KUBEVIRT_GATES);
  judgeGates(findings, 'CDI', cdi, CDI_GATES);
  await judgeCatalogue(findings, client, catalogue);
}

interface WantedGate {
  /** One of these is enough. */
  readonly oneOf: readonly string[];
  readonly without: string;
}

const KUBEVIRT_GATES: readonly WantedGate[] = [
  {
    oneOf: ['HotplugVolumes', 'DeclarativeHotplugVolumes'],
    without: 'disks come to a running machine only at its next restart',
  },
  { oneOf: ['ExpandDisks'], without: 'a running machine does not see that its disk has grown' },
];
const CDI_GATES: readonly WantedGate[] = [
  {
    oneOf: ['HonorWaitForFirstConsumer'],
    without: 'disks of classes that wait for a consumer may land where the machine cannot run',
  },
];

function judgeGates(
  findings: Findings,
  name: string,
  { version, gates }: GatesOfOperator,
  wanted: readonly WantedGate[],
): void {
  const called = version === undefined ? name : `${name} ${version}`;
  if (gates === 'unreadable') {
    const should = wanted.map(({ oneOf }) => oneOf.join(' or ')).join(', ');
    findings.warning(
      `The configuration of ${called} cannot be read: its feature gates are unknown.`,
      `Run the doctor with an account that may read it. It should open ${should}.`,
    );
    return;
  }
  const closed = wanted.filter(({ oneOf }) => !oneOf.some((gate) => gates.includes(gate)));
  if (closed.length === 0) findings.ok(`${called} has the feature gates that we rely on.`);
  for (const { oneOf, without } of closed)
    findings.warning(
      `${called} does not list the feature gate ${oneOf.join(' or ')}: unless it is open by default, ${without}.`,
      `Add ${oneOf[0]} to its feature gates.`,
    );
}

async function judgeCatalogue(findings: Findings, client: KubeClient, catalogue: Catalogue): Promise<void> {
  const { missing, differing, missingProfiles } = await compareCatalogue(client, catalogue);
  if (missing.length + differing.length + missingProfiles.length === 0)
    findings.ok('Instance types and profiles of the catalogue are there, with their sizes.');
  if (missing.length > 0)
    findings.warning(
      `The cluster lacks the instance types ${missing.map(({ name }) => name).join(', ')}.`,
      'A worker with INSTALL_CATALOGUE=true installs them when it starts.',
    );
  for (const { name, wanted, found } of differing)
    findings.error(
      `${name} has ${found.vcpu} CPUs and ${found.memoryMib} MiB in the cluster, ${wanted.vcpu} and ${wanted.memoryMib} in the catalogue, which is what is billed.`,
      'Change the catalogue (CATALOGUE_FILE) or the instance type; machines that exist keep their size.',
    );
  if (missingProfiles.length > 0)
    findings.warning(
      `The cluster has no preferences for the profiles ${missingProfiles.join(', ')}: machines with them do not start.`,
      'Install common-instancetypes, or take the profiles out of the catalogue.',
    );
}
