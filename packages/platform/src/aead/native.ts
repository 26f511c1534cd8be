import { AeadAlgorithm, type AeadProvider, type PacketAead } from '@jetstream/protocol';
import { ffi } from '../ffi.ts';
import { preferredAlgorithms } from './algorithm-preference.ts';
import { bindEvp, type Evp } from './evp.ts';
import { EvpPacketAead } from './evp-packet-aead.ts';
import { GcmRecordAead } from './gcm-record-aead.ts';
import { NONCE_BYTES } from './packet-nonce.ts';
import { portableAead } from './portable.ts';

type Implementation = new (evp: Evp, algorithm: AeadAlgorithm, key: Uint8Array, iv: Uint8Array) => PacketAead;

/**
 * Packet protection by OpenSSL's EVP functions that the node binary exports, its cipher contexts reused: several times as
 * fast as a cipher object per packet. undefined where they are missing or do not agree with `node:crypto`.
 * @param bind a test binds other functions
 */
export function nativeAead(bind = bindEvp): AeadProvider | undefined {
  const native = ffi();
  if (!native) return undefined;
  try {
    const evp = bind(native);
    const algorithms = preferredAlgorithms();
    const chosen = new Map<AeadAlgorithm, Implementation>();
    for (const algorithm of algorithms) {
      const found = fastestFirst(algorithm).find((implementation) => agrees(evp, algorithm, implementation));
      if (found === undefined) return undefined;
      chosen.set(algorithm, found);
    }
    return {
      algorithms,
      create: (algorithm, key, iv) => new (chosen.get(algorithm)!)(evp, algorithm, key, iv),
    };
  } catch {
    return undefined;
  }
}

function fastestFirst(algorithm: AeadAlgorithm): Implementation[] {
  return algorithm === AeadAlgorithm.ChaCha20Poly1305 ? [EvpPacketAead] : [GcmRecordAead, EvpPacketAead];
}

/** One packet sealed by each and opened by the other; a forged one refused. */
function agrees(evp: Evp, algorithm: AeadAlgorithm, implementation: Implementation): boolean {
  const key = new Uint8Array(32).fill(algorithm);
  const iv = new Uint8Array(NONCE_BYTES).fill(7);
  try {
    const ours = new implementation(evp, algorithm, key, iv);
    const theirs = portableAead.create(algorithm, key, iv);
    const [a, b] = [new Uint8Array(256).fill(1), new Uint8Array(256).fill(1)];
    const end = ours.seal(5, a, 0, 13, 200);
    const same = theirs.seal(5, b, 0, 13, 200) === end && a.every((byte, index) => byte === b[index]);
    const opens = ours.open(5, b, 0, 13, end) === 200 && b.subarray(0, 200).every((byte) => byte === 1);
    a[20]! ^= 1;
    const refuses = ours.open(5, a, 0, 13, end) === -1;
    ours.dispose();
    return same && opens && refuses;
  } catch {
    return false;
  } finally {
    evp.clearErrors();
  }
}
