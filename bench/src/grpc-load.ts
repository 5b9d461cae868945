/**
 * Unary gRPC calls of one method, sent by ghz where it is installed (`GHZ` names it, or it is on the path), which costs
 * little beside the server; else by grpc-js with messages that are bytes already.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { median } from './pairs.ts';

export interface GrpcMethod {
  readonly address: string;
  /** `package.Service/Method`. */
  readonly path: string;
  /** The definition of service and messages, as a .proto text that needs nothing else. */
  readonly proto: string;
  readonly json: string;
  readonly message: Buffer;
  readonly apiKey: string;
}

export interface GrpcRun {
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
}

/** Calls for the time, `inFlight` at once over one connection. */
export type GrpcLoad = (method: GrpcMethod, options: { inFlight: number; windowMs: number }) => Promise<GrpcRun>;

export function openGrpcLoad(): { readonly name: string; readonly run: GrpcLoad } {
  const ghz = process.env.GHZ ?? 'ghz';
  const found = spawnSync(ghz, ['--version']).status === 0;
  return found ? { name: 'ghz', run: ghzLoad(ghz) } : { name: 'grpc-js', run: nodeLoad };
}

interface GhzReport {
  readonly count: number;
  readonly rps: number;
  readonly latencyDistribution: readonly { readonly percentage: number; readonly latency: number }[];
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
}

function ghzLoad(ghz: string): GrpcLoad {
  return async (method, { inFlight, windowMs }) => {
    const folder = mkdtempSync(join(tmpdir(), 'ghz-'));
    try {
      const file = join(folder, 'service.proto');
      writeFileSync(file, method.proto);
      const what = ['--insecure', '--proto', file, '--call', method.path, '-d', method.json, '-O', 'json'];
      const how = ['-c', String(inFlight), '--connections', '1', '-z', `${windowMs}ms`, '--duration-stop', 'wait'];
      const key = ['-m', JSON.stringify({ authorization: `Bearer ${method.apiKey}` })];
      const options = { maxBuffer: 2 ** 28 };
      const { stdout } = await promisify(execFile)(ghz, [...what, ...how, ...key, method.address], options);
      const { count, rps, latencyDistribution, statusCodeDistribution } = JSON.parse(stdout) as GhzReport;
      if (statusCodeDistribution.OK !== count)
        throw new Error(`Not all calls succeeded: ${JSON.stringify(statusCodeDistribution)}`);
      const half = latencyDistribution.find(({ percentage }) => percentage === 50)?.latency ?? Number.NaN;
      return { calls: count, callsPerSecond: rps, p50Ms: half / 1e6 };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

const asIs = (bytes: Buffer): Buffer => bytes;

const nodeLoad: GrpcLoad = async ({ address, path, message, apiKey }, { inFlight, windowMs }) => {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${apiKey}`);
  const times: number[] = [];
  const startedAt = performance.now();
  const call = () =>
    new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(`/${path}`, asIs, asIs, message, metadata, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  const caller = async () => {
    while (performance.now() - startedAt < windowMs) {
      const at = performance.now();
      await call();
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const seconds = (performance.now() - startedAt) / 1_000;
  client.close();
  return { calls: times.length, callsPerSecond: times.length / seconds, p50Ms: median(times) };
};
