/** Bodies that the OpenAPI document shows; tests send them. */
export const PRODUCTION_VM = {
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMInstance',
  metadata: { name: 'vm-example' },
  spec: {
    external: true,
    externalMethod: 'PortList',
    externalPorts: [22],
    running: true,
    instanceType: 'u1.2xlarge',
    instanceProfile: 'ubuntu',
    disks: ['vm-system-disk'],
    sshKeys: [],
    cloudInit: '#cloud-config\n',
  },
};

export const DATA_DISK = {
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMDisk',
  metadata: { name: 'application-data' },
  spec: { source: {}, optical: false, storage: '500Gi', storageClass: 'replicated' },
};

export const MANIFESTS_YAML = `apiVersion: apps.cozystack.io/v1alpha1
kind: VMDisk
metadata:
  name: system
spec:
  source:
    http:
      url: https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img
  storage: 20Gi
---
apiVersion: apps.cozystack.io/v1alpha1
kind: VMInstance
metadata:
  name: web
spec:
  instanceType: u1.medium
  instanceProfile: ubuntu
  disks:
    - system
`;
