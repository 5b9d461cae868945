/**
 * How a cluster lets volumes come to machines that run; one of KubeVirt's feature gates. Cozystack's clusters have the
 * first: `addvolume` and `removevolume` of a VMI are calls. With the second the VM's template is enough, and such a call
 * for a VM's VMI is refused.
 */
export const HOTPLUG_MODES = ['HotplugVolumes', 'DeclarativeHotplugVolumes'] as const;
export type HotplugMode = (typeof HOTPLUG_MODES)[number];
