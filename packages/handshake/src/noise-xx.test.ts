import { readFileSync } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NoiseCipherState } from './noise-cipher-state.ts';
import { NoiseXX } from './noise-xx.ts';
import { x25519, x25519KeyPair } from './x25519.ts';

interface Vector {
  prologue: string;
  init_static: string;
  resp_static: string;
  init_ephemeral: string;
  resp_ephemeral: string;
  messages: { payload: string; ciphertext: string }[];
}

const published = JSON.parse(readFileSync(new URL('./noise-xx.vectors.json', import.meta.url), 'utf8')) as {
  source: string;
  vectors: Vector[];
};

describe(`published vectors (${published.source.split(':')[0]})`, () => {
  it.each(published.vectors.map((vector, index) => ({ vector, index })))(
    'vector $index agrees, transport messages too',
    ({ vector }) => {
      const prologue = hex(vector.prologue);
      const initiator = new NoiseXX({
        role: 'initiator',
        prologue,
        staticKey: x25519KeyPair(hex(vector.init_static)),
        ephemeralPrivateKey: hex(vector.init_ephemeral),
      });
      const responder = new NoiseXX({
        role: 'responder',
        prologue,
        staticKey: x25519KeyPair(hex(vector.resp_static)),
        ephemeralPrivateKey: hex(vector.resp_ephemeral),
      });
      vector.messages.slice(0, 3).forEach(({ payload, ciphertext }, index) => {
        const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator];
        const message = writer.writeMessage(hex(payload));
        expect(toHex(message)).toBe(ciphertext);
        expect(toHex(reader.readMessage(message))).toBe(payload);
      });
      const [third, fourth] = vector.messages.slice(3);
      expect(sealFirst(initiator.split().send, third!.payload)).toBe(third!.ciphertext);
      expect(sealFirst(responder.split().send, fourth!.payload)).toBe(fourth!.ciphertext);
      expect(responder.split().receive).toEqual(initiator.split().send);
      expect(initiator.split().receive).toEqual(responder.split().send);
    },
  );
});

describe('NoiseXX', () => {
  it('gives both sides the same hash and each the static key of the other', () => {
    const { initiator, responder } = pair();
    exchange(initiator, responder, 3);
    expect(initiator.handshakeHash).toEqual(responder.handshakeHash);
    expect(initiator.handshakeHash).toHaveLength(32);
    expect(initiator.remoteStatic).toEqual(x25519KeyPair(filled(2)).publicKey);
    expect(responder.remoteStatic).toEqual(x25519KeyPair(filled(1)).publicKey);
  });

  it('knows the static key of the responder before it sends its own', () => {
    const { initiator, responder } = pair();
    exchange(initiator, responder, 2);
    expect(initiator.remoteStatic).toEqual(x25519KeyPair(filled(2)).publicKey);
    expect(responder.remoteStatic).toBeUndefined();
  });

  it('carries payloads of any content and size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 3, maxLength: 3 }),
        (payloads) => {
          const { initiator, responder } = pair();
          payloads.forEach((payload, index) => {
            const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator];
            expect(reader.readMessage(writer.writeMessage(payload))).toEqual(payload);
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  it('any flipped bit of any message: no handshake completes on it, and the genuine message still does', () => {
    fc.assert(
      fc.property(fc.nat(2), fc.nat(), (index, position) => {
        const { initiator, responder } = pair();
        exchange(initiator, responder, index);
        const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator];
        const genuine = writer.writeMessage(Buffer.from('payload'));
        const forged = Uint8Array.from(genuine);
        const bit = position % (forged.length * 8);
        forged[bit >> 3]! ^= 1 << (bit & 7);
        if (index === 0) {
          // Message 1 is not authenticated by itself: the damage shows when the initiator reads the answer.
          reader.readMessage(forged);
          const answer = attempt(() => reader.writeMessage(new Uint8Array(0)));
          if (answer !== undefined) expectFailure(() => writer.readMessage(answer));
        } else {
          expectFailure(() => reader.readMessage(forged));
          expect(Buffer.from(reader.readMessage(genuine)).toString()).toBe('payload');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('every single bit of messages 2 and 3 is authenticated', () => {
    for (const index of [1, 2]) {
      const { initiator, responder } = pair();
      exchange(initiator, responder, index);
      const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator];
      const genuine = writer.writeMessage(new Uint8Array(0));
      for (let bit = 0; bit < genuine.length * 8; bit++) {
        const forged = Uint8Array.from(genuine);
        forged[bit >> 3]! ^= 1 << (bit & 7);
        // The top bit of a Curve25519 point is ignored by X25519 but not by the hash.
        expectFailure(() => reader.readMessage(forged));
      }
      reader.readMessage(genuine);
    }
  });

  it('any message cut short is refused', () => {
    for (let index = 0; index < 3; index++) {
      const { initiator, responder } = pair();
      exchange(initiator, responder, index);
      const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator];
      const message = writer.writeMessage(new Uint8Array(0));
      for (let length = 0; length < message.length; length++) {
        expectFailure(() => reader.readMessage(message.subarray(0, length)));
      }
      reader.readMessage(message);
    }
  });

  it('a different prologue fails', () => {
    const initiator = side('initiator', 'one');
    const responder = side('responder', 'two');
    responder.readMessage(initiator.writeMessage(new Uint8Array(0)));
    const answer = responder.writeMessage(new Uint8Array(0));
    expectFailure(() => initiator.readMessage(answer));
  });

  it('a public key of low order is refused in message 1 and 2', () => {
    for (const point of LOW_ORDER_POINTS) {
      const { initiator, responder } = pair();
      const first = Uint8Array.from(initiator.writeMessage(new Uint8Array(0)));
      first.set(hex(point));
      responder.readMessage(first);
      expectFailure(() => responder.writeMessage(new Uint8Array(0)));
      const second = new Uint8Array(96);
      second.set(hex(point));
      expectFailure(() => initiator.readMessage(second));
      expectFailure(() => x25519(x25519KeyPair(filled(1)).privateKey, hex(point)));
    }
  });

  it('messages out of turn, split before the end and messages over 65,535 bytes are refused', () => {
    const { initiator, responder } = pair();
    expectFailure(() => responder.writeMessage(new Uint8Array(0)));
    expectFailure(() => initiator.readMessage(new Uint8Array(96)));
    expectFailure(() => initiator.split());
    expectFailure(() => initiator.writeMessage(new Uint8Array(65_535)));
    expectFailure(() => responder.readMessage(new Uint8Array(65_536)));
  });

  it('keeps no reference to the memory of a datagram', () => {
    const { initiator, responder } = pair();
    const datagram = Buffer.from(initiator.writeMessage(Buffer.from('hello')));
    const payload = responder.readMessage(datagram);
    datagram.fill(0);
    expect(Buffer.from(payload).toString()).toBe('hello');
    initiator.readMessage(responder.writeMessage(new Uint8Array(0)));
    responder.readMessage(initiator.writeMessage(new Uint8Array(0)));
    expect(initiator.handshakeHash).toEqual(responder.handshakeHash);
  });
});

const LOW_ORDER_POINTS = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

function pair() {
  return { initiator: side('initiator', 'test'), responder: side('responder', 'test') };
}

function side(role: 'initiator' | 'responder', prologue: string): NoiseXX {
  const seed = role === 'initiator' ? 1 : 2;
  return new NoiseXX({
    role,
    prologue: Buffer.from(prologue),
    staticKey: x25519KeyPair(filled(seed)),
    ephemeralPrivateKey: filled(seed + 2),
  });
}

/** Runs the first `count` messages. */
function exchange(initiator: NoiseXX, responder: NoiseXX, count: number): void {
  for (let index = 0; index < count; index++) {
    const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator];
    reader.readMessage(writer.writeMessage(new Uint8Array(0)));
  }
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    expect(error).toBeInstanceOf(JetStreamError);
    return undefined;
  }
}

function expectFailure(action: () => unknown): void {
  expect(action).toThrowError(expect.objectContaining({ code: 'handshake-failed' }));
}

function sealFirst(key: Uint8Array, payload: string): string {
  return toHex(new NoiseCipherState(key).encryptWithAd(new Uint8Array(0), hex(payload)));
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
