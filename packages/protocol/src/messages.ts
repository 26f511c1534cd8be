/**
 * Control messages as typed values. What comes from a peer is parsed once, here: a decoder returns a value in which every
 * field is in the range that the .proto file gives, or throws JetStreamError `protocol-violation` (ST-3), nothing else.
 * Fields that we do not know are passed over: a newer peer may send them.
 */
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { JetStreamError } from './errors.ts';
import { HandshakeParameters } from './generated/handshake.ts';
import { ControlMessage, type Login, type MessageFns, TransferMessage } from './generated/session.ts';
import { checkControlBody, checkHandshakeParameters, checkTransferBody } from './message-rules.ts';
import { StrictReader } from './strict-reader.ts';
import { StrictWriter } from './strict-writer.ts';

export type ControlBody = NonNullable<ControlMessage['body']>;
export type TransferBody = NonNullable<TransferMessage['body']>;

/** Kinds of messages that tell of thousands of entries each: of small files nearly all that is said. */
type BulkKind = 'manifestBatch' | 'entryResults';

/** A transfer's message as it came in: one of many entries is left encoded, for the thread that has their files to decode it. */
export type ReceivedBody =
  | Exclude<TransferBody, { $case: BulkKind }>
  | { $case: BulkKind; encoded: Uint8Array<ArrayBuffer> };

/** A Login without credentials, to be filled with a user and one way to log in (LG-5). */
export const NO_CREDENTIALS = {
  publicKeys: [],
  password: '',
  token: '',
  tokenPassword: '',
  server: undefined,
} satisfies Omit<Login, 'user'>;

/** Encoders throw JetStreamError `name-invalid` for text that UTF-8 cannot hold (a lone surrogate). */
export function encodeControlMessage(message: ControlMessage): Uint8Array {
  return ControlMessage.encode(message, new StrictWriter()).finish();
}

export function encodeTransferMessage(message: TransferMessage): Uint8Array {
  return TransferMessage.encode(message, new StrictWriter()).finish();
}

export function encodeHandshakeParameters(parameters: HandshakeParameters): Uint8Array {
  return HandshakeParameters.encode(parameters, new StrictWriter()).finish();
}

/** Decodes a message of stream 0. Nothing of the result points into `bytes`. */
export function decodeControlMessage(bytes: Uint8Array): { body: ControlBody } {
  const { body } = decode(ControlMessage, bytes);
  return { body: checkControlBody(body) };
}

/** Decodes a message of a transfer's stream. Nothing of the result points into `bytes`. */
export function decodeTransferMessage(bytes: Uint8Array): { body: TransferBody } {
  const { body } = decode(TransferMessage, bytes);
  return { body: checkTransferBody(body) };
}

/**
 * Decodes a message of a transfer's stream, unless it tells of many entries: `encoded` is then for `decodeTransferMessage`, which may
 * throw. Nothing of the result points into `bytes`.
 */
export function receiveTransferMessage(bytes: Uint8Array): { body: ReceivedBody } {
  const kind = bulkKindOf(bytes);
  if (kind !== undefined) return { body: { $case: kind, encoded: bytes.slice() } };
  const { body } = decodeTransferMessage(bytes);
  if (body.$case !== 'manifestBatch' && body.$case !== 'entryResults') return { body };
  return { body: { $case: body.$case, encoded: bytes.slice() } };
}

/** Undefined also where fields that we do not know come with the body. */
function bulkKindOf(bytes: Uint8Array): BulkKind | undefined {
  const kind = BULK_KINDS.get(bytes[0]!);
  if (kind === undefined) return undefined;
  const reader = new BinaryReader(bytes.subarray(1));
  try {
    return reader.uint32() + reader.pos === reader.len ? kind : undefined;
  } catch {
    return undefined;
  }
}

/** By the tags of the fields that hold them. */
const BULK_KINDS: ReadonlyMap<number, BulkKind> = new Map([
  [0x22, 'manifestBatch'],
  [0x4a, 'entryResults'],
]);

/** Decodes the payload of a Noise message. Nothing of the result points into `bytes`. */
export function decodeHandshakeParameters(bytes: Uint8Array): HandshakeParameters {
  return checkHandshakeParameters(decode(HandshakeParameters, bytes));
}

function decode<T>(message: MessageFns<T>, bytes: Uint8Array): T {
  const reader = new StrictReader(bytes);
  let value: T;
  try {
    value = message.decode(reader);
  } catch (cause) {
    throw new JetStreamError('protocol-violation', 'a message cannot be parsed', { cause });
  }
  // The generated code stops without a word at a tag that ends a group.
  if (reader.pos !== bytes.length) throw new JetStreamError('protocol-violation', 'bytes follow a message');
  return value;
}
