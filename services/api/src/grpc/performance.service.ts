/** What machines used over time, over gRPC. */
import type { PerformancePoint } from '@compute/domain';
import type { PerformancePoint as Message, PerformanceServiceServer } from '@compute/proto';
import type { ApiParts } from '../application/api-parts.ts';
import type { Calls } from './calls.ts';

export function performanceMethods(calls: Calls, { performance }: ApiParts): Omit<PerformanceServiceServer, symbol> {
  return {
    getVmInstanceMetrics: calls.unary('GetVmInstanceMetrics', async (call, request) => {
      const { from, to, stepSeconds } = request;
      const stepMs = stepSeconds === 0 ? undefined : stepSeconds * 1_000;
      const found = await performance.range(call, request.project, request.name, { from, to, stepMs });
      const { project, name, uid, range } = found;
      const span = { from: range.from, to: range.to, stepSeconds: range.stepMs / 1_000 };
      return { project, name, uid, ...span, points: found.points.map(pointMessage) };
    }),
  };
}

function pointMessage({ at, figures = {} }: PerformancePoint): Message {
  return {
    at,
    cpuCores: figures.cpuCores,
    memoryBytes: figures.memoryBytes,
    networkReceiveBytesPerSecond: figures.networkReceiveBytesPerSecond,
    networkTransmitBytesPerSecond: figures.networkTransmitBytesPerSecond,
    diskReadBytesPerSecond: figures.diskReadBytesPerSecond,
    diskWriteBytesPerSecond: figures.diskWriteBytesPerSecond,
  };
}
