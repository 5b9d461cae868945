/**
 * The Service that exposes a machine. A machine that is not exposed has none: the API promises no name inside the
 * cluster, and a headless Service per machine would only cost objects, quota and endpoint churn.
 *
 * cozy-proxy moves the traffic (the label keeps every other proxy away): with PortList it lets the listed TCP ports
 * through, with WholeIP everything.
 */
import type { VmInstance, VmInstanceSpec } from '@compute/domain';
import type { Service } from '../kinds.ts';
import { manifestHash, stamped } from './manifest-hash.ts';
import { vmObjectName } from './object-names.ts';
import { ownershipLabels, selectorLabels } from './ownership.ts';

// The API server refuses a Service without ports; this one stands in where no port is listed.
export const PLACEHOLDER_PORT = 65535;
export const WHOLE_IP_ANNOTATION = 'networking.cozystack.io/wholeIP';

/** The Service of a machine, or undefined when it is not exposed. */
export function renderService(vm: VmInstance, namespace: string): Service | undefined {
  if (!vm.spec.external) return undefined;
  const manifest: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: vmObjectName(vm.name),
      namespace,
      labels: {
        ...ownershipLabels(vm),
        'apps.cozystack.io/user-service': 'true',
        'service.kubernetes.io/service-proxy-name': 'cozy-proxy',
      },
      annotations: exposure(vm.spec),
    },
    spec: {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      allocateLoadBalancerNodePorts: false,
      selector: selectorLabels(vm),
      ports: ports(vm.spec).map((port) => ({ name: `port-${port}`, port, protocol: 'TCP' })),
    },
  };
  return stamped(manifest, manifestHash(manifest), vm.generation);
}

function exposure(spec: VmInstanceSpec): Record<string, string> {
  if (spec.externalMethod === 'WholeIP') return { [WHOLE_IP_ANNOTATION]: 'true' };
  return { [WHOLE_IP_ANNOTATION]: 'false', 'networking.cozystack.io/allowICMP': 'true' };
}

function ports(spec: VmInstanceSpec): readonly number[] {
  const unique = [...new Set(spec.externalPorts)];
  return unique.length === 0 ? [PLACEHOLDER_PORT] : unique;
}
