import { describe, expect, it } from 'vitest';
import { vmRow } from '../fixtures/rows.ts';
import { renderService } from './service.ts';

describe('the Service of a machine', () => {
  it('does not exist while the machine is not exposed', () => {
    expect(renderService(vmRow({ external: false, externalPorts: [22] }), 'tenant-demo')).toBeUndefined();
  });

  it('filters by port with PortList', () => {
    const service = renderService(vmRow({ external: true, externalPorts: [22, 443] }), 'tenant-demo');
    expect(service).toMatchObject({
      metadata: {
        name: 'vm-instance-web',
        labels: {
          'service.kubernetes.io/service-proxy-name': 'cozy-proxy',
          'apps.cozystack.io/user-service': 'true',
        },
        annotations: { 'networking.cozystack.io/wholeIP': 'false', 'networking.cozystack.io/allowICMP': 'true' },
      },
      spec: {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        allocateLoadBalancerNodePorts: false,
        selector: { 'app.kubernetes.io/name': 'vm-instance', 'app.kubernetes.io/instance': 'vm-instance-web' },
        ports: [
          { name: 'port-22', port: 22, protocol: 'TCP' },
          { name: 'port-443', port: 443, protocol: 'TCP' },
        ],
      },
    });
  });

  it('opens everything with WholeIP, and still has the port that the API server demands', () => {
    const service = renderService(vmRow({ external: true, externalMethod: 'WholeIP' }), 'tenant-demo');
    expect(service?.metadata.annotations).toMatchObject({ 'networking.cozystack.io/wholeIP': 'true' });
    expect(service?.spec.ports).toEqual([{ name: 'port-65535', port: 65535, protocol: 'TCP' }]);
  });
});
