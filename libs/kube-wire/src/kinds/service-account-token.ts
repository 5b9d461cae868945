/**
 * What the admission plugin ServiceAccount does to a new pod: it runs as the account `default`, whose token is mounted unless the
 * pod says otherwise. KubeVirt counts the volumes of its attachment pods and reckons with this one. Accounts are not looked up.
 */
import { randomBytes } from 'node:crypto';
import type { Fields } from '../protocol/kube-object.ts';
import { fieldsOf, listOf } from '../protocol/kube-object.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const SUFFIX_BYTES = 3;

/** The spec with the account and its token. */
export function withAccountToken(spec: Fields): Fields {
  const account = { serviceAccountName: 'default', serviceAccount: 'default' };
  if (spec.automountServiceAccountToken === false) return { ...account, ...spec };
  const name = `kube-api-access-${randomBytes(SUFFIX_BYTES).toString('hex').slice(0, 5)}`;
  const containers = listOf(spec.containers).map((container) => withMount(fieldsOf(container), name));
  return { ...account, ...spec, containers, volumes: [...listOf(spec.volumes), tokenVolume(name)] };
}

function withMount(container: Fields, name: string): Fields {
  const mounts = listOf(container.volumeMounts);
  if (mounts.some((mount) => fieldsOf(mount).mountPath === MOUNT_PATH)) return container;
  return { ...container, volumeMounts: [...mounts, { name, readOnly: true, mountPath: MOUNT_PATH }] };
}

function tokenVolume(name: string): Fields {
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: {
        items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
      },
    },
  ];
  return { name, projected: { sources, defaultMode: 0o644 } };
}
