/**
 * G3, a machine read over gRPC beside a call of the same server that does nothing: grpc-js answering the health service's
 * Check out of memory.
 */
import { GetVmInstanceRequest } from '@compute/proto';
import { openDatabase, PREFIX, startApi } from './api-process.ts';
import type { Bench } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { type GrpcMethod, openGrpcLoad } from './grpc-load.ts';
import { creation } from './model-machine.ts';
import { compare, type Sample } from './pairs.ts';
import { RestLoad } from './rest-load.ts';
import { type Goal, judge } from './result.ts';

const IN_FLIGHT = 32;
const WARM_UP_CALLS = 5_000;
const COMMON = { goal: 'G3', against: 'health check of the same server' } as const;
const P50: Goal = { ...COMMON, name: 'gRPC get, p50 alone', better: 'lower', floor: 2, target: 1.5, unit: 'ms' };
const RATE: Goal = {
  ...COMMON,
  name: 'gRPC get, throughput',
  better: 'higher',
  floor: 0.35,
  target: 0.5,
  unit: 'calls/s',
};

const GET_PROTO = `syntax = "proto3";
package compute.v1;
service VmInstanceService { rpc GetVmInstance(GetVmInstanceRequest) returns (VmInstance); }
message GetVmInstanceRequest { string project = 1; string name = 2; }
message VmInstance {}
`;
const HEALTH_PROTO = `syntax = "proto3";
package grpc.health.v1;
service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); }
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse { int32 status = 1; }
`;

export const bench: Bench = {
  goals: ['G3'],
  run: async (context) => {
    const server = await context.postgres();
    const database = await openDatabase(server.url, 'grpc');
    const api = await startApi(context, database.url, database.secretsKey);
    const rest = await RestLoad.open(api.url, 1);
    await rest.one(creation(database.apiKey, 0, 'read'));
    rest.close();
    const asked = { project: `${PREFIX}0`, name: 'read' };
    const common = { address: api.grpcAddress, apiKey: database.apiKey };
    const get: GrpcMethod = {
      ...{
        ...common,
        path: 'compute.v1.VmInstanceService/GetVmInstance',
        proto: GET_PROTO,
        json: JSON.stringify(asked),
      },
      message: Buffer.from(GetVmInstanceRequest.encode(GetVmInstanceRequest.fromPartial(asked)).finish()),
    };
    const check: GrpcMethod = {
      ...{ ...common, path: 'grpc.health.v1.Health/Check', proto: HEALTH_PROTO, json: '{}', message: Buffer.alloc(0) },
    };
    const load = openGrpcLoad();
    context.say(`  The client is ${load.name}.`);
    const window = (method: GrpcMethod, inFlight: number, value: 'p50Ms' | 'callsPerSecond') => async () => {
      const before = cpuMicrosOf([api.pid]);
      const run = await load.run(method, { inFlight, windowMs: context.windowMs });
      const cpuMicros = cpuMicrosOf([api.pid]) - before;
      return { value: run[value], operations: run.calls, cpuMicros } satisfies Sample;
    };
    for (let warm = 0; warm < WARM_UP_CALLS; ) warm += (await window(get, IN_FLIGHT, 'p50Ms')()).operations;
    const contest = (inFlight: number, value: 'p50Ms' | 'callsPerSecond') =>
      compare({ pairs: context.pairs, ours: window(get, inFlight, value), beside: window(check, inFlight, value) });
    return [judge(P50, await contest(1, 'p50Ms')), judge(RATE, await contest(IN_FLIGHT, 'callsPerSecond'))];
  },
};
