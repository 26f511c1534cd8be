import fc from 'fast-check';
import { MAX_DATAGRAM_BYTES, MIN_DATAGRAM_BYTES } from '../constants.ts';
import type { HandshakeParameters } from '../generated/handshake.ts';
import {
  Direction,
  EntryKind,
  type Login,
  OverwriteMode,
  RatePolicyName,
  ReceiverActivity,
  SkipRule,
  TransferLimiter,
} from '../generated/session.ts';
import { type ControlBody, NO_CREDENTIALS, type TransferBody } from '../messages.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const anyUint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyErrorCode = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const anyCount = fc.oneof(fc.maxSafeNat(), fc.nat(300));
const anyBlock = fc.oneof(fc.nat(1000), fc.constant(2 ** 32 - 1));
const anyDigest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const LIMITERS = Object.values(TransferLimiter).filter((limiter) => limiter !== TransferLimiter.UNRECOGNIZED);
const ACTIVITIES = Object.values(ReceiverActivity).filter((at) => at !== ReceiverActivity.UNRECOGNIZED);
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

const anyHexId = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });
const anyServer = fc.option(fc.record({ uid: anyHexId, id: anyHexId }), { nil: undefined });
const anyName = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
const anyWayToLogIn: fc.Arbitrary<Partial<Login>> = fc.oneof(
  fc.record({ publicKeys: fc.array(fc.record({ publicKey: anyKey, signature: anyKey }), { maxLength: 8 }) }),
  fc.record({ password: anyText }),
  fc.record({ token: anyName, tokenPassword: anyText }),
  fc.record({ user: fc.constant(''), token: anyName }),
);

export const anyControlBody: fc.Arbitrary<ControlBody> = fc.oneof(
  fc.record({ user: anyName, way: anyWayToLogIn, server: anyServer }).map(({ user, way, server }) => ({
    $case: 'login' as const,
    value: { ...NO_CREDENTIALS, user, ...way, server },
  })),
  fc
    .record({ errorCode: anyUint32, message: anyText, account: anyText, server: anyServer })
    .map((value) => ({ $case: 'loginResult' as const, value })),
  anyRatePolicy.map((value) => ({ $case: 'ratePolicy' as const, value })),
  anyRatePolicy.map((value) => ({ $case: 'ratePolicyInForce' as const, value })),
  fc.oneof(fc.constant(0), anyRate).map((rate) => ({ $case: 'receiveLimit' as const, value: { rate } })),
);

const anyEntry = fc
  .record({
    isFile: fc.boolean(),
    targetPath: anyText,
    size: anyCount,
    mtimeSeconds: fc.maxSafeInteger(),
    mtimeNanoseconds: fc.nat(999_999_999),
    executable: fc.boolean(),
    sourceInode: anyCount,
    permissions: fc.option(
      fc.record({
        mode: fc.nat(0o7777),
        uid: anyUint32,
        gid: anyUint32,
        user: anyText,
        group: anyText,
      }),
      { nil: undefined },
    ),
  })
  .map(({ isFile, size, sourceInode, ...rest }) => ({
    kind: isFile ? EntryKind.FILE : EntryKind.DIRECTORY,
    size: isFile ? size : 0,
    sourceInode: isFile ? sourceInode : 0,
    ...rest,
  }));

const anyReceiving = fc.record(
  {
    overwrite: fc.integer({ min: 0, max: OverwriteMode.PARTFILE_BACKUP }) as fc.Arbitrary<OverwriteMode>,
    skip: fc.integer({ min: 0, max: SkipRule.NOTHING }) as fc.Arbitrary<SkipRule>,
    readBack: fc.boolean(),
    checkpointIntervalMs: fc.constantFrom(0, 100, 3_600_000),
  },
  { requiredKeys: ['overwrite', 'skip', 'readBack'] },
);

const anyPlans = fc
  .array(
    fc.record({
      index: anyCount,
      digestsFirst: fc.boolean(),
      have: fc.array(fc.tuple(fc.nat(1_000), fc.nat(2 ** 28)), { maxLength: 4 }).map((runs) => runs.flat()),
    }),
    { maxLength: 5 },
  )
  .map((plans) => plans.sort((a, b) => a.index - b.index));

export const anyTransferBody: fc.Arbitrary<TransferBody> = fc.oneof(
  fc
    .record({
      direction: fc.constantFrom(Direction.UPLOAD, Direction.DOWNLOAD),
      destinationPath: anyText,
      sourcePaths: fc.array(anyText, { maxLength: 5 }),
      followSymlinks: fc.boolean(),
      receiving: fc.option(anyReceiving, { nil: undefined }),
      verify: fc.boolean(),
      preserve: fc.boolean(),
      transferId: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ minLength: 16, maxLength: 16 })),
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
      first: anyDigest,
      others: fc.array(fc.tuple(fc.nat(2), anyDigest), { maxLength: 6 }),
      told: fc.boolean(),
    })
    .map(({ block, byteLength, first, others, told }) => {
      const sent = told ? others.filter(([use]) => use > 0) : others;
      const digests = [first, ...sent.map(([, digest]) => digest)];
      return {
        $case: 'blockDigests' as const,
        value: {
          block,
          byteLength,
          digests: Uint8Array.from(digests.flatMap((digest) => [...digest])),
          uses: Uint8Array.from(told ? [1, ...others.map(([use]) => use)] : []),
        },
      };
    }),
  fc
    .record({ block: anyBlock, chunks: fc.uniqueArray(fc.nat(4095), { minLength: 1, maxLength: 5 }) })
    .map(({ block, chunks }) => ({
      $case: 'blockRequest' as const,
      value: { block, chunks: chunks.sort((a, b) => a - b) },
    })),
  fc
    .record({
      index: anyCount,
      firstChunk: fc.nat(2 ** 31),
      chunks: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    })
    .map((value) => ({ $case: 'holeRun' as const, value })),
  fc
    .record({ plans: anyPlans, plannedBlocks: anyBlock })
    .map((value) => ({ $case: 'entryPlans' as const, value })),
  fc
    .record({ index: anyCount, errorCode: anyErrorCode, message: anyText })
    .map((value) => ({ $case: 'entryFailed' as const, value })),
  fc
    .record({
      index: anyCount,
      errorCode: anyUint32,
      message: anyText,
      digest: fc.oneof(anyDigest, fc.constant(new Uint8Array(0))),
      skipped: fc.boolean(),
    })
    .chain((result) => fc.array(fc.constant(result), { maxLength: 4 }))
    .map((results) => ({ $case: 'entryResults' as const, value: { results } })),
  fc
    .record({
      writtenBytes: anyCount,
      durableBytes: anyCount,
      filesDone: anyCount,
      presentBytes: anyCount,
      activity: fc.constantFrom(...ACTIVITIES),
    })
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
