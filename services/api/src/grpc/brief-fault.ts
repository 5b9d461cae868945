/**
 * Errors of gRPC travel in trailers, and clients take 8 KiB of those by default: one that repeats a long word of the
 * caller would end the connection of all its calls. What does not fit is cut, and it is said how much.
 */
import { Fault, type FieldProblem } from '@compute/domain';

/** The message stands there twice: percent-encoded, and in the details, which are base64. */
const MESSAGE_ROOM_BYTES = 1_200;
const LONGEST_TEXT = 250;
const FIELDS_ROOM_BYTES = 3_000;

/** The same fault when it fits into trailers; else what fits of it. */
export function briefFault(fault: Fault): Fault {
  const { fields, resource } = fault.details;
  const message = briefMessage(fault.message);
  const fitted = fields && fitting(fields);
  const name = resource && cut(resource.name, LONGEST_TEXT);
  if (message === fault.message && fitted === fields && name === resource?.name) return fault;
  const details = {
    ...fault.details,
    ...(fitted ? { fields: fitted } : {}),
    ...(resource && name !== undefined ? { resource: { ...resource, name } } : {}),
  };
  return new Fault(fault.code, message, details, fault.cause);
}

function fitting(fields: readonly FieldProblem[]): readonly FieldProblem[] {
  const short = fields.map(shortened);
  const kept: FieldProblem[] = [];
  let room = FIELDS_ROOM_BYTES;
  for (const field of short) {
    room -= Buffer.byteLength(field.pointer) + Buffer.byteLength(field.message) + field.code.length;
    if (room < 0) break;
    kept.push(field);
  }
  const missing = fields.length - kept.length;
  if (missing > 0) return [...kept, { pointer: '', code: 'more', message: `And ${missing} more problems.` }];
  return short.every((field, at) => field === fields[at]) ? fields : kept;
}

function shortened(field: FieldProblem): FieldProblem {
  const [pointer, message] = [cut(field.pointer, LONGEST_TEXT), cut(field.message, LONGEST_TEXT)];
  return pointer === field.pointer && message === field.message ? field : { ...field, pointer, message };
}

function briefMessage(message: string): string {
  const longest = Math.floor((MESSAGE_ROOM_BYTES * message.length) / encodedBytes(message));
  return cut(message, Math.max(longest, 100));
}

/** What is not printable ASCII takes three characters for each of its bytes. */
function encodedBytes(text: string): number {
  return Buffer.byteLength(text) + 2 * Buffer.byteLength(text.replace(/[ -~]/g, ''));
}

/** Never half of a surrogate pair. */
function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
}
