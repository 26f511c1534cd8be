/** The generated code against protobufjs, which reads the same .proto files by reflection. */
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import {
  decodeControlMessage,
  decodeHandshakeParameters,
  decodeTransferMessage,
  encodeControlMessage,
  encodeHandshakeParameters,
  encodeTransferMessage,
} from './messages.ts';
import { anyControlBody, anyHandshakeParameters, anyTransferBody } from './testing/message-arbitrary.ts';

const protoFiles = ['handshake.proto', 'session.proto'].map((name) =>
  fileURLToPath(new URL(`../proto/${name}`, import.meta.url)),
);
const root = protobuf.loadSync(protoFiles);

type Plain = Record<string, unknown>;

function oracleEncode(type: string, value: Plain): Uint8Array {
  const oracle = root.lookupType(`jetstream.v1.${type}`);
  return Uint8Array.from(oracle.encode(oracle.fromObject(value)).finish());
}

/** Values as the oracle sees them, with all fields, 64-bit integers as text. */
function oracleDecode(type: string, bytes: Uint8Array): Plain {
  const oracle = root.lookupType(`jetstream.v1.${type}`);
  return oracle.toObject(oracle.decode(bytes), { defaults: true, longs: String, arrays: true });
}

/** Fields that proto3 writes also when they hold a default value. */
const OPTIONAL = new Set(['checkpointIntervalMs']);

/** The oracle writes default values of fields that are set; the generated code, as proto3 says, does not. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  const isDefault = (field: unknown) =>
    field === undefined ||
    field === 0 ||
    field === '' ||
    field === false ||
    (field instanceof Uint8Array && field.length === 0);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, field]) => OPTIONAL.has(name) || !isDefault(field))
      .map(([name, field]) => [name, withoutDefaults(field)]),
  );
}

/** Brings both sides to one form: integers as text where the other side has text, bytes as arrays. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined && field !== null);
  return Object.fromEntries(fields.map(([name, field]) => [name, comparable(field)]));
}

describe('generated messages agree with protobufjs', () => {
  const cases: [string, fc.Arbitrary<Plain>, (value: Plain) => Uint8Array, (bytes: Uint8Array) => Plain][] = [
    [
      'ControlMessage',
      anyControlBody.map(({ $case, value }) => ({ [$case]: value })),
      (plain) => encodeControlMessage({ body: toBody(plain) }),
      (bytes) => toPlain(decodeControlMessage(bytes)),
    ],
    [
      'TransferMessage',
      anyTransferBody.map(({ $case, value }) => ({ [$case]: value })),
      (plain) => encodeTransferMessage({ body: toBody(plain) }),
      (bytes) => toPlain(decodeTransferMessage(bytes)),
    ],
    [
      'HandshakeParameters',
      anyHandshakeParameters.map((value) => ({ ...value })),
      (plain) => encodeHandshakeParameters(plain as never),
      (bytes) => ({ ...decodeHandshakeParameters(bytes) }),
    ],
  ];

  it.each(cases)('%s: the same bytes from the same value', (type, anyValue, encode) => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(encode(value)).toEqual(oracleEncode(type, withoutDefaults(value) as Plain));
      }),
      { numRuns: 500 },
    );
  });

  it.each(cases)('%s: the same value from the same bytes', (type, anyValue, encode, decode) => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const ours = encode(value);
        expect(comparable(oracleDecode(type, ours))).toMatchObject(comparable(value) as Plain);
        const theirs = oracleEncode(type, value);
        expect(decode(theirs)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});

function toBody(plain: Plain): never {
  const [[$case, value]] = Object.entries(plain) as [[string, unknown]];
  return { $case, value } as never;
}

function toPlain({ body }: { body: { $case: string; value: unknown } }): Plain {
  return { [body.$case]: body.value };
}
