/**
 * Control messages as typed values. What comes from a peer is parsed once, here: a decoder returns a value in which every
 * field is in the range that the .proto file gives, or throws JetStreamError `protocol-violation` (ST-3), nothing else.
 * Fields that we do not know are passed over: a newer peer may send them.
 */
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { JetStreamError } from './errors.ts';
import { HandshakeParameters } from './generated/handshake.ts';
import { ControlMessage, type Login, type MessageFns, TransferMessage } from './generated/session.ts';
import { checkControlBody, checkHandshakeParameters, checkTransferBody } from './message-rules.ts';

export type ControlBody = NonNullable<ControlMessage['body']>;
export type TransferBody = NonNullable<TransferMessage['body']>;

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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Refuses what is not UTF-8, and copies byte fields so that no value keeps a whole message alive or changes with it. */
class StrictReader extends BinaryReader {
  constructor(bytes: Uint8Array) {
    super(bytes, (text) => utf8.decode(text));
  }

  override bytes(): Uint8Array<ArrayBuffer> {
    return super.bytes().slice();
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

class StrictWriter extends BinaryWriter {
  override string(value: string): this {
    if (LONE_SURROGATE.test(value)) {
      throw new JetStreamError('name-invalid', 'a text with half a surrogate pair cannot be sent as UTF-8');
    }
    return super.string(value);
  }
}
