/**
 * What cannot be read as a message is the caller's mistake. gRPC itself would call it INTERNAL, which clients repeat and
 * operators are woken for; so services read requests through here, and a call hears of it where all its errors are made.
 *
 * A reader could break: times are checked here for every message, because a `Date` out of range throws wherever it is
 * used first.
 */
import { faultOf } from '@compute/contract';
import { Fault } from '@compute/domain';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** What a call gets instead of its request. */
export class UnreadableRequest {
  readonly fault: Fault;

  constructor(fault: Fault) {
    this.fault = fault;
  }
}

/** Of google.protobuf.Timestamp: from the year 1 to the year 9999. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** The same service, whose calls are given an `UnreadableRequest` for what is no message. */
export function readable<Service extends ServiceDefinition>(service: Service): Service {
  return withDeserializers(service, (deserialize) => (bytes) => readRequest(deserialize, bytes));
}

/** The same service, for one whose calls are not ours: what is no message is taken for `instead`. */
export function forgiving(service: ServiceDefinition, instead: object): ServiceDefinition {
  return withDeserializers(service, (deserialize) => (bytes) => {
    try {
      return deserialize(bytes);
    } catch {
      return instead;
    }
  });
}

type Deserialize = (bytes: Buffer) => unknown;

function withDeserializers<Service extends ServiceDefinition>(
  service: Service,
  around: (deserialize: Deserialize) => Deserialize,
): Service {
  const methods = Object.entries<MethodDefinition<unknown, unknown>>(service as ServiceDefinition);
  const wrapped = methods.map(([name, method]) => [
    name,
    { ...method, requestDeserialize: around(method.requestDeserialize) },
  ]);
  return Object.fromEntries(wrapped) as Service;
}

function readRequest(deserialize: Deserialize, bytes: Buffer): unknown {
  try {
    const request = deserialize(bytes);
    const pointer = impossibleTime(request, '');
    if (pointer === undefined) return request;
    const message = 'A time lies between the years 1 and 9999.';
    return new UnreadableRequest(faultOf([{ pointer, code: 'out_of_range', message }]));
  } catch (error) {
    const fault = new Fault('InvalidArgument', 'The bytes of the request are no message of this method.', {}, error);
    return new UnreadableRequest(fault);
  }
}

/** The pointer of the first time that cannot be, in a message of any depth. */
function impossibleTime(value: unknown, pointer: string): string | undefined {
  if (value instanceof Date) {
    const ms = value.getTime();
    return ms >= EARLIEST_MS && ms <= LATEST_MS ? undefined : pointer;
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const found = impossibleTime(member, `${pointer}/${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
