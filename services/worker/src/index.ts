/** The worker for those who start it inside another process: tests and the development stack. */
export { type FaultPoint, type FaultPoints, type FaultSubject, faultSteps, noFaultPoints } from './fault-points.ts';
export { OutboxRelay, type OutboxRelayOptions } from './relay/outbox-relay.ts';
export { type RunningWorker, type StartWorkerOptions, startWorker, type WorkerPace } from './start-worker.ts';
export { readWorkerConfig, WORKER_SETTINGS, type WorkerConfig } from './worker-config.ts';
