import { nodeAead } from '@jetstream/handshake/testing';
import { AeadAlgorithm, decodeHandshakeParameters, encodeHandshakeParameters } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveEndpointOptions } from './endpoint-settings.ts';
import {
  checkPickedAead,
  encodeOffer,
  encodeOwnParameters,
  noisePrologue,
  parseParameters,
  pickAead,
} from './handshake-parameters.ts';

const { Aes256Gcm, Aes128Gcm, ChaCha20Poly1305 } = AeadAlgorithm;
const ID = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
const failed = expect.objectContaining({ code: 'handshake-failed' });

describe('handshake parameters', () => {
  it('the prologue binds label, version and connection id', () => {
    expect(Buffer.from(noisePrologue(ID)).toString('hex')).toBe(
      `${Buffer.from('jetstream').toString('hex')}4a5300010001020304050607`,
    );
  });

  it('message 1 says which AEADs the client can do and nothing else', () => {
    expect(decodeHandshakeParameters(encodeOffer([ChaCha20Poly1305, Aes256Gcm]))).toEqual({
      connectionId: new Uint8Array(0),
      aeads: [3, 1],
      initialStreamCredit: 0,
      initialBlockCredit: 0,
      maxDatagramBytes: 1200,
      idleTimeoutMs: 0,
      software: '',
    });
  });

  it("[HS-10] the server picks the first of the client's list that it can do, and refuses when there is none", () => {
    expect(pickAead(encodeOffer([ChaCha20Poly1305, Aes256Gcm]), [Aes256Gcm, ChaCha20Poly1305])).toBe(3);
    expect(pickAead(encodeOffer([ChaCha20Poly1305, Aes256Gcm]), [Aes256Gcm, Aes128Gcm])).toBe(1);
    expect(pickAead(encodeOffer([Aes128Gcm, Aes256Gcm]), [Aes256Gcm, Aes128Gcm])).toBe(2);
    expect(() => pickAead(encodeOffer([ChaCha20Poly1305]), [Aes256Gcm])).toThrowError(failed);
    expect(() => pickAead(encodeOffer([]), [Aes256Gcm])).toThrowError(failed);
  });

  it('[HS-10] the server picks ChaCha20 where one of the two does AES slowly', () => {
    const [fast, slow] = [
      [Aes256Gcm, Aes128Gcm, ChaCha20Poly1305],
      [ChaCha20Poly1305, Aes256Gcm, Aes128Gcm],
    ] as const;
    expect(pickAead(encodeOffer(fast), fast)).toBe(1);
    expect(pickAead(encodeOffer(fast), slow)).toBe(3);
    expect(pickAead(encodeOffer(slow), fast)).toBe(3);
    expect(pickAead(encodeOffer([Aes256Gcm]), slow)).toBe(1);
  });

  it('[HS-10] a client takes one AEAD, which it offered', () => {
    expect(checkPickedAead([1], [ChaCha20Poly1305, Aes256Gcm])).toBe(1);
    for (const picked of [[], [2], [99], [1, 3]]) {
      expect(() => checkPickedAead(picked, [ChaCha20Poly1305, Aes256Gcm])).toThrowError(failed);
    }
  });

  it('[HS-9] the connection id inside must be that of the packet', () => {
    const payload = encodeOwnParameters(settings(), ID, Aes256Gcm);
    expect(parseParameters(payload, ID, settings()).connectionId).toEqual(ID);
    const other = Uint8Array.from(ID);
    other[7] = 0;
    expect(() => parseParameters(payload, other, settings())).toThrowError(failed);
    expect(() => parseParameters(payload, new Uint8Array(0), settings())).toThrowError(failed);
  });

  it('[CL-2] the idle timeout is the smaller of both sides; one that is not told counts as ours', () => {
    const idleTimeoutMs = (ours: number, theirs: number) =>
      parseParameters(parametersWith({ idleTimeoutMs: theirs }), ID, settings({ idleTimeoutMs: ours })).peer
        .idleTimeoutMs;
    expect(idleTimeoutMs(30_000, 5000)).toBe(5000);
    expect(idleTimeoutMs(5000, 30_000)).toBe(5000);
    expect(idleTimeoutMs(5000, 0)).toBe(5000);
  });

  it('what goes to logs is printable and short', () => {
    const software = (text: string) =>
      parseParameters(parametersWith({ software: text }), ID, settings()).peer.software;
    expect(software('evil\u001b]0;title\u0007\u009b\u202e\nname')).toBe('evil?]0;title????name');
    expect(software('x'.repeat(4000))).toHaveLength(100);
  });

  it('any bytes parse into values in range, or are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const { peer } = parseParameters(bytes, ID, settings());
          expect(peer.maxDatagramBytes).toBeGreaterThanOrEqual(1200);
          expect(peer.maxDatagramBytes).toBeLessThanOrEqual(65_507);
          expect(Number.isSafeInteger(peer.initialStreamCreditBytes)).toBe(true);
        } catch (error) {
          expect(['handshake-failed', 'protocol-violation']).toContain((error as { code: string }).code);
        }
      }),
    );
  });
});

function parametersWith(fields: { idleTimeoutMs?: number; software?: string }): Uint8Array {
  const payload = encodeOwnParameters(settings(), ID);
  return encodeHandshakeParameters({ ...decodeHandshakeParameters(payload), ...fields });
}

function settings(options: { idleTimeoutMs?: number } = {}) {
  return resolveEndpointOptions({
    staticPrivateKey: new Uint8Array(32),
    aead: nodeAead,
    blockPool: { maxBlocks: 1024, acquire: () => undefined, release: () => {} },
    randomBytes: (length) => new Uint8Array(length),
    software: 'test',
    acceptIncoming: true,
    ...options,
  });
}
