/** What gRPC makes of bytes that are no message, of times that cannot be, and of errors that no trailer holds. */
import { Fault } from '@compute/domain';
import { GetVmInstanceRequest, VmInstanceServiceService } from '@compute/proto';
import { describe, expect, it } from 'vitest';
import { briefFault } from './brief-fault.ts';
import { statusOfFault } from './grpc-error.ts';
import { readable, UnreadableRequest } from './readable-requests.ts';

const { getVmInstance } = readable(VmInstanceServiceService);
const read = (bytes: Uint8Array): unknown => getVmInstance.requestDeserialize(Buffer.from(bytes));

describe('a request', () => {
  it('is read as it was sent', () => {
    const sent = GetVmInstanceRequest.fromPartial({ project: 'demo', name: 'web', asOf: new Date(0) });
    expect(read(GetVmInstanceRequest.encode(sent).finish())).toEqual(sent);
  });

  it.each([
    ['is cut', [0x0a, 0x20, 0x61]],
    ['has a wire type that does not exist', [0x0f]],
  ])('that %s is the caller’s mistake', (_how, bytes) => {
    const request = read(Uint8Array.from(bytes));
    expect(request).toBeInstanceOf(UnreadableRequest);
    expect((request as UnreadableRequest).fault.code).toBe('InvalidArgument');
  });

  it('with a time that cannot be names its field', () => {
    const endOfTime = [0x22, 0x0a, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    const request = read(Uint8Array.from(endOfTime)) as UnreadableRequest;
    expect(request.fault.details.fields).toMatchObject([{ pointer: '/asOf', code: 'out_of_range' }]);
  });
});

describe('an error', () => {
  const field = (pointer: string) => ({ pointer, code: 'unknown_field', message: `There is no field ${pointer}.` });

  it('that repeats long words fits into the trailers that clients take', () => {
    const long = '𝕏'.repeat(40_000);
    const fields = Array.from({ length: 300 }, (_none, at) => field(`/${at}${long}`));
    const fault = new Fault('NotFound', long, { fields, resource: { kind: 'Project', name: long } });
    const { details, metadata } = statusOfFault(fault, { requestId: 'r' });
    const [encoded] = metadata.get('grpc-status-details-bin');
    expect((encoded as Buffer).toString('base64').length + encodeURIComponent(details).length).toBeLessThan(8_000);
    expect(briefFault(fault).details.fields?.at(-1)?.message).toMatch(/^And \d+ more problems\.$/);
  });

  it('of usual length stays as it is', () => {
    const fault = new Fault('InvalidArgument', 'Two errors.', { fields: [field('/a'), field('/b')] });
    expect(briefFault(fault)).toBe(fault);
  });
});
