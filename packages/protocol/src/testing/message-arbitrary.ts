import fc from 'fast-check';
import { MAX_DATAGRAM_BYTES, MIN_DATAGRAM_BYTES } from '../constants.ts';
import type { HandshakeParameters } from '../generated/handshake.ts';
import { Direction, EntryKind, RatePolicyName, TransferLimiter } from '../generated/session.ts';
import type { ControlBody, TransferBody } from '../messages.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const anyUint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyErrorCode = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const anyCount = fc.oneof(fc.maxSafeNat(), fc.nat(300));
const anyBlock = fc.oneof(fc.nat(1000), fc.constant(2 ** 32 - 1));
const anyDigest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const LIMITERS = Object.values(TransferLimiter).filter((limiter) => limiter !== TransferLimiter.UNRECOGNIZED);
const anyKey = fc.uint8Array({ maxLength: 80 });

const anyRate = fc.integer({ min: 1_000, max: 1e12 });
const anyRatePolicy = fc
  .record({
    policy: fc.constantFrom(
      RatePolicyName.LOW,
      RatePolicyName.FAIR,
      RatePolicyName.HIGH,
      RatePolicyName.FIXED,
    ),
    rate: anyRate,
    minimumRate: fc.constantFrom(0, 1_000),
    capRate: fc.oneof(fc.constant(0), anyRate),
  })
  .map(({ policy, rate, minimumRate, capRate }) => {
    const isFixed = policy === RatePolicyName.FIXED;
    return { policy, targetRate: isFixed ? rate : 0, minimumRate: isFixed ? 0 : minimumRate, capRate };
  });

export const anyControlBody: fc.Arbitrary<ControlBody> = fc.oneof(
  fc
    .record({
      user: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
      publicKeys: fc.array(fc.record({ publicKey: anyKey, signature: anyKey }), { maxLength: 8 }),
    })
    .map((value) => ({ $case: 'login' as const, value })),
  fc
    .record({ errorCode: anyUint32, message: anyText, account: anyText })
    .map((value) => ({ $case: 'loginResult' as const, value })),
  anyRatePolicy.map((value) => ({ $case: 'ratePolicy' as const, value })),
  anyRatePolicy.map((value) => ({ $case: 'ratePolicyInForce' as const, value })),
);

const anyEntry = fc
  .record({
    isFile: fc.boolean(),
    targetPath: anyText,
    size: anyCount,
    mtimeSeconds: fc.maxSafeInteger(),
    mtimeNanoseconds: fc.nat(999_999_999),
    executable: fc.boolean(),
  })
  .map(({ isFile, size, ...rest }) => ({
    kind: isFile ? EntryKind.FILE : EntryKind.DIRECTORY,
    size: isFile ? size : 0,
    ...rest,
  }));

export const anyTransferBody: fc.Arbitrary<TransferBody> = fc.oneof(
  fc
    .record({
      direction: fc.constantFrom(Direction.UPLOAD, Direction.DOWNLOAD),
      destinationPath: anyText,
      sourcePaths: fc.array(anyText, { maxLength: 5 }),
      recursive: fc.boolean(),
      followSymlinks: fc.boolean(),
    })
    .map((value) => ({ $case: 'open' as const, value })),
  fc.constant({ $case: 'accepted' as const, value: {} }),
  fc
    .record({ errorCode: anyErrorCode, message: anyText, subject: anyText })
    .map((value) => ({ $case: 'failed' as const, value })),
  fc
    .record({ firstIndex: fc.nat(2 ** 31), entries: fc.array(anyEntry, { maxLength: 5 }) })
    .map((value) => ({ $case: 'manifestBatch' as const, value })),
  fc
    .record({ entries: anyCount, files: anyCount, bytes: anyCount })
    .map((value) => ({ $case: 'manifestEnd' as const, value })),
  fc
    .record({
      block: anyBlock,
      byteLength: fc.integer({ min: 1, max: 2 ** 20 }),
      digests: fc.array(anyDigest, { minLength: 1, maxLength: 6 }),
    })
    .map(({ block, byteLength, digests }) => ({
      $case: 'blockDigests' as const,
      value: { block, byteLength, digests: Uint8Array.from(digests.flatMap((digest) => [...digest])) },
    })),
  fc.record({ block: anyBlock }).map((value) => ({ $case: 'blockRequest' as const, value })),
  fc
    .record({ index: anyCount, errorCode: anyErrorCode, message: anyText })
    .map((value) => ({ $case: 'entryFailed' as const, value })),
  fc
    .record({
      index: anyCount,
      errorCode: anyUint32,
      message: anyText,
      digest: fc.oneof(anyDigest, fc.constant(new Uint8Array(0))),
    })
    .chain((result) => fc.array(fc.constant(result), { maxLength: 4 }))
    .map((results) => ({ $case: 'entryResults' as const, value: { results } })),
  fc
    .record({ writtenBytes: anyCount, durableBytes: anyCount, filesDone: anyCount })
    .map((value) => ({ $case: 'receiverProgress' as const, value })),
  fc
    .record({ limiter: fc.constantFrom(...LIMITERS) })
    .map((value) => ({ $case: 'senderProgress' as const, value })),
  fc
    .record({ files: anyCount, bytes: anyCount, failed: anyCount })
    .map((value) => ({ $case: 'complete' as const, value })),
  fc
    .record({ source: anyText, errorCode: anyErrorCode, message: anyText })
    .map((value) => ({ $case: 'sourceProblem' as const, value })),
);

export const anyHandshakeParameters: fc.Arbitrary<HandshakeParameters> = fc.record({
  connectionId: fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ minLength: 8, maxLength: 8 })),
  aeads: fc.array(anyUint32, { maxLength: 16 }),
  initialStreamCredit: anyCount,
  initialBlockCredit: anyUint32,
  maxDatagramBytes: fc.integer({ min: MIN_DATAGRAM_BYTES, max: MAX_DATAGRAM_BYTES }),
  idleTimeoutMs: anyUint32,
  software: anyText,
});
