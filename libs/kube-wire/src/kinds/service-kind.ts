/** Services: columns, the defaults the API server fills, and the rules a controller can run into. */

import type { AdmissionRequest, StateReader } from '../protocol/admission.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, listOf, readPath, stringOf } from '../protocol/kube-object.ts';
import type { FieldProblem } from '../protocol/status-error.ts';
import { invalidField, requiredField } from '../protocol/status-error.ts';
import { kubernetesSchema } from './catalogue/type-notation.ts';
import { ageColumn, column, labelsText, nameColumn, textAt } from './cells.ts';
import { freeClusterAddress, nodePortSource } from './service-addresses.ts';

function ingressTexts(service: KubeObject): string[] {
  return listOf(readPath(service, 'status.loadBalancer.ingress')).map((entry) => {
    const { ip, hostname } = fieldsOf(entry);
    return String(ip ?? hostname ?? '');
  });
}

function externalAddress(service: KubeObject): string {
  const type = readPath(service, 'spec.type');
  if (type === 'ExternalName') return textAt(service, 'spec.externalName');
  const given = listOf(readPath(service, 'spec.externalIPs')).map(String);
  if (type !== 'LoadBalancer') return given.join(',') || '<none>';
  return [...new Set([...ingressTexts(service), ...given])].join(',') || '<pending>';
}

function portsText(service: KubeObject): string {
  const ports = listOf(readPath(service, 'spec.ports')).map((entry) => {
    const { port, nodePort, protocol } = fieldsOf(entry);
    const node = nodePort === undefined || nodePort === 0 ? '' : `:${String(nodePort)}`;
    return `${String(port)}${node}/${String(protocol ?? 'TCP')}`;
  });
  return ports.join(',') || '<none>';
}

function prepare({ operation, object, previous, state }: AdmissionRequest): void {
  if (operation === 'delete') return;
  const spec: Fields = { type: 'ClusterIP', sessionAffinity: 'None', ...fieldsOf(object.spec) };
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  if (spec.type !== 'ExternalName') setAddress(spec, previous, state);
  if (external) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  setPorts(spec, external && spec.allocateLoadBalancerNodePorts !== false ? nodePortSource(state) : undefined);
  object.spec = spec;
  object.status ??= { loadBalancer: {} };
}

function setAddress(spec: Fields, previous: KubeObject | undefined, state: StateReader): void {
  const known = stringOf(readPath(previous, 'spec.clusterIP'));
  spec.clusterIP = stringOf(spec.clusterIP) || known || freeClusterAddress(state);
  spec.clusterIPs = [spec.clusterIP];
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
  spec.internalTrafficPolicy ??= 'Cluster';
}

function setPorts(spec: Fields, nodePort: (() => number) | undefined): void {
  spec.ports = listOf(spec.ports).map((entry) => {
    const port: Fields = { protocol: 'TCP', ...fieldsOf(entry) };
    port.targetPort ??= port.port;
    if (nodePort !== undefined) port.nodePort ??= nodePort();
    return port;
  });
  if (listOf(spec.ports).length === 0) delete spec.ports;
}

function validate({ operation, object, previous }: AdmissionRequest): FieldProblem[] {
  if (operation === 'delete') return [];
  const spec = fieldsOf(object.spec);
  const ports = listOf(spec.ports).map(fieldsOf);
  const needsPorts = spec.type !== 'ExternalName' && spec.clusterIP !== 'None';
  const problems: FieldProblem[] = ports.length === 0 && needsPorts ? [requiredField('spec.ports')] : [];
  problems.push(...ports.flatMap((port, at) => portProblems(port, at, ports)));
  const address = readPath(previous, 'spec.clusterIP');
  if (operation === 'update' && address !== undefined && spec.type !== 'ExternalName' && spec.clusterIP !== address) {
    problems.push(invalidField('spec.clusterIPs[0]', listOf(spec.clusterIPs), 'may not change once set'));
  }
  return problems;
}

function portProblems(port: Fields, at: number, all: Fields[]): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const number = Number(port.port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    problems.push(invalidField(`spec.ports[${at}].port`, port.port, 'must be between 1 and 65535, inclusive'));
  }
  if (port.name === undefined && all.length > 1) problems.push(requiredField(`spec.ports[${at}].name`));
  const first = all.findIndex(({ name }) => name !== undefined && name === port.name);
  if (port.name !== undefined && first !== at) {
    problems.push({
      field: `spec.ports[${at}].name`,
      reason: 'FieldValueDuplicate',
      message: `Duplicate value: ${JSON.stringify(port.name)}`,
    });
  }
  return problems;
}

export const serviceKind: KindDefinition = {
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  schema: kubernetesSchema('Service'),
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  generation: 'none',
  strategicMerge: true,
  unconditionalUpdate: true,
  deleteReturnsObject: true,
  nameFormat: 'label1035',
  selectableFields: ['spec.clusterIP', 'spec.type'],
  mergeKeys: {
    'spec.ports': { type: 'map', keys: ['port', 'protocol'], patchKey: 'port', defaults: { protocol: 'TCP' } },
    'status.conditions': { type: 'map', keys: ['type'] },
  },
  columns: [
    nameColumn,
    column('Type', (service) => textAt(service, 'spec.type')),
    column('Cluster-IP', (service) => textAt(service, 'spec.clusterIP')),
    column('External-IP', externalAddress),
    column('Port(s)', portsText),
    ageColumn,
    column('Selector', (service) => labelsText(readPath(service, 'spec.selector')), 1),
  ],
  admission: { prepare, validate },
};
