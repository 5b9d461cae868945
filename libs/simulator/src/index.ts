/** A cluster to develop and test against: an API server, players of its infrastructure, imitations of CDI and KubeVirt. */
export { Clock } from './clock.ts';
export { installClusterFixtures } from './cluster-fixtures.ts';
export { type ControlServer, startControl } from './control/control-server.ts';
export { type ControllerOptions, type ControllerSet, startControllers } from './controllers.ts';
export { type ImageServer, type ImageServerOptions, startImageServer } from './images/image-server.ts';
export { type VirtApiParts, virtApiRoutes } from './kubevirt/api/subresource-routes.ts';
export type { GuestRule } from './kubevirt/guest-switches.ts';
export type { PlayerSwitchState } from './players/switches.ts';
export { progressAnnotation } from './pod-channel.ts';
export { simulatedKinds } from './simulated-kinds.ts';
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';
export type { TruthFact, TruthMeter } from './truth/truth-intervals.ts';
export type { TruthInterval } from './truth/truth-log.ts';
