/** The names of the objects that a row becomes. They are Cozystack's, so that its tools and habits keep working. */

export const vmObjectName = (vmName: string): string => `${VM_PREFIX}${vmName}`;
export const diskObjectName = (name: string): string => `${DISK_PREFIX}${name}`;
export const sshKeysSecretName = (vmName: string): string => `${vmObjectName(vmName)}-ssh-keys`;
export const cloudInitSecretName = (vmName: string): string => `${vmObjectName(vmName)}-cloud-init`;

/** The name of the disk behind a DataVolume or claim; undefined when the object's name is not one of ours. */
export function diskNameOfObject(objectName: string): string | undefined {
  return objectName.startsWith(DISK_PREFIX) ? objectName.slice(DISK_PREFIX.length) : undefined;
}

/** The name of the machine behind a VirtualMachine; undefined when the object's name is not one of ours. */
export function vmNameOfObject(objectName: string): string | undefined {
  return objectName.startsWith(VM_PREFIX) ? objectName.slice(VM_PREFIX.length) : undefined;
}

const VM_PREFIX = 'vm-instance-';
const DISK_PREFIX = 'vm-disk-';
