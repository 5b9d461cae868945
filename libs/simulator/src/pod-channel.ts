// What pods of the simulator say and are told besides the Kubernetes API, as annotations of the pod. A real kubelet's pods serve
// progress as a metric over TLS; in the simulator the kubelet writes it here and CDI's controllers read it here, with the same meaning:
// a percentage that may stand still, and that begins again when the container is restarted.

/** Written by the kubelet about every 2 s of cluster time: percent as a decimal number, such as `13.37`. */
export const progressAnnotation = 'simulator.compute.cozystack.io/transfer-progress';

/** Read by the kubelet: the first container of the pod ends with this exit code (a guest that powered itself off, a crash). */
export const exitAnnotation = 'simulator.compute.cozystack.io/exit-code';
