import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_BLOCK_CHUNKS, MAX_MESSAGE_BYTES } from './constants.ts';
import { HandshakeParameters } from './generated/handshake.ts';
import {
  type BlockDigests,
  Direction,
  EntryKind,
  type EntryPlan,
  type Login,
  type RatePolicy,
  RatePolicyName,
  ReceiverActivity,
  type Receiving,
  type ServerIdentity,
  TransferLimiter,
} from './generated/session.ts';
import { MAX_HAVE_NUMBERS, MAX_PLANS } from './message-rules.ts';
import {
  type ControlBody,
  decodeControlMessage,
  decodeHandshakeParameters,
  decodeTransferMessage,
  encodeControlMessage,
  encodeHandshakeParameters,
  encodeTransferMessage,
  NO_CREDENTIALS,
  receiveTransferMessage,
  type TransferBody,
} from './messages.ts';
import { decodeOrViolation, expectViolation, hexToBytes, mutated } from './testing/hostile-bytes.ts';
import { anyControlBody, anyHandshakeParameters, anyTransferBody } from './testing/message-arbitrary.ts';

const FILE = {
  kind: EntryKind.FILE,
  targetPath: 'a/b',
  size: 1,
  mtimeSeconds: -1,
  mtimeNanoseconds: 0,
  executable: false,
  sourceInode: 5,
  permissions: undefined,
} as const;
const RESULT = { index: 0, errorCode: 0, message: '', digest: new Uint8Array(32), skipped: false };
const OPEN = {
  direction: Direction.UPLOAD,
  destinationPath: '',
  sourcePaths: [],
  followSymlinks: true,
  receiving: undefined,
  verify: false,
  preserve: false,
  transferId: new Uint8Array(),
};
const RECEIVING = { overwrite: 0, skip: 0, readBack: false } as const;

function transferRoundtrip(body: TransferBody): TransferBody {
  return decodeTransferMessage(encodeTransferMessage({ body })).body;
}

/** As a message of many entries is: the thread that it comes to leaves it encoded. */
function decodeLater(bytes: Uint8Array): { body: TransferBody } {
  const { body } = receiveTransferMessage(bytes);
  return 'encoded' in body ? decodeTransferMessage(body.encoded) : { body };
}

function controlRoundtrip(body: ControlBody): ControlBody {
  return decodeControlMessage(encodeControlMessage({ body })).body;
}

function login(user: string, keys: number, keyBytes = 10): ControlBody {
  const key = { publicKey: new Uint8Array(keyBytes), signature: new Uint8Array(10) };
  return loginOf({ user, publicKeys: Array(keys).fill(key) });
}

function loginOf(part: Partial<Login>): ControlBody {
  return { $case: 'login', value: { user: 'u', ...NO_CREDENTIALS, ...part } };
}

function loggedInAt(server: ServerIdentity): ControlBody {
  return { $case: 'loginResult', value: { errorCode: 0, message: '', account: 'u', server } };
}

function batch(entry: Partial<typeof FILE> | Record<string, unknown>, firstIndex = 0): TransferBody {
  return { $case: 'manifestBatch', value: { firstIndex, entries: [{ ...FILE, ...entry }] } };
}

function digests(part: Partial<BlockDigests>): TransferBody {
  const whole = { block: 0, byteLength: 1, digests: new Uint8Array(32), uses: new Uint8Array(0) };
  return { $case: 'blockDigests', value: { ...whole, ...part } };
}

function plans(plans: Partial<EntryPlan>[], plannedBlocks = 0): TransferBody {
  const all = plans.map((plan) => ({ index: 0, digestsFirst: false, have: [], ...plan }));
  return { $case: 'entryPlans', value: { plans: all, plannedBlocks } };
}

function parameters(part: Partial<HandshakeParameters>): HandshakeParameters {
  const none = HandshakeParameters.decode(new Uint8Array(0));
  return { ...none, ...part };
}

describe('messages', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(anyControlBody, anyTransferBody, (control, transfer) => {
        expect(controlRoundtrip(control)).toEqual(control);
        expect(transferRoundtrip(transfer)).toEqual(transfer);
      }),
    );
    fc.assert(
      fc.property(anyHandshakeParameters, (value) => {
        expect(decodeHandshakeParameters(encodeHandshakeParameters(value))).toEqual(value);
      }),
    );
  });

  it('keep their bytes when the buffer they came in is used again', () => {
    const body: TransferBody = { $case: 'entryResults', value: { results: [RESULT] } };
    const message = encodeTransferMessage({ body });
    const decoded = decodeTransferMessage(message);
    message.fill(0xff);
    expect(decoded.body).toEqual(body);
  });

  it('may carry fields that we do not know yet', () => {
    const unknown = hexToBytes('f83f05 fa3f0568656c6c6f'); // field 1023: a varint, then five bytes
    const request = encodeTransferMessage({
      body: { $case: 'blockRequest', value: { block: 7, chunks: [0, 4095] } },
    });
    expect(decodeTransferMessage(Uint8Array.from([...unknown, ...request, ...unknown])).body).toEqual({
      $case: 'blockRequest',
      value: { block: 7, chunks: [0, 4095] },
    });
  });

  it('[ST-3] without a known body are a violation', () => {
    for (const hex of ['', 'f83f05']) {
      expectViolation(() => decodeControlMessage(hexToBytes(hex)));
      expectViolation(() => decodeTransferMessage(hexToBytes(hex)));
    }
  });

  it('[ST-3] cut short, or with bytes after their end, are a violation', () => {
    const message = encodeTransferMessage({ body: batch({}) });
    for (let length = 0; length < message.length; length++) {
      expectViolation(() => decodeTransferMessage(message.subarray(0, length)));
    }
    expectViolation(() => decodeTransferMessage(Uint8Array.from([...message, 0, 1, 2])));
  });

  it('[ST-3] with text that is not UTF-8 are a violation, never mended', () => {
    const message = encodeTransferMessage({ body: batch({ targetPath: 'Ab' }) });
    const at = message.indexOf(0x41);
    for (const [first, second] of [
      [0xff, 0x62],
      [0xc0, 0x80],
      [0xe2, 0x82],
      [0x80, 0x62],
    ] as const) {
      message[at] = first;
      message[at + 1] = second;
      expectViolation(() => decodeTransferMessage(message));
    }
  });

  it('keep a byte-order mark at the start of a name', () => {
    expect(transferRoundtrip(batch({ targetPath: '\ufeffa' }))).toEqual(batch({ targetPath: '\ufeffa' }));
  });

  it('are not sent with half a surrogate pair, which UTF-8 cannot hold', () => {
    const encode = (targetPath: string) => encodeTransferMessage({ body: batch({ targetPath }) });
    expect(() => encode('a\ud800b')).toThrow(expect.objectContaining({ code: 'name-invalid' }));
    expect(() => encode('\udc00')).toThrow(expect.objectContaining({ code: 'name-invalid' }));
    expect(encode('\ud83d\ude80').length).toBeGreaterThan(0);
  });

  it('[ST-3] with a field out of its range are a violation', () => {
    const bad: TransferBody[] = [
      batch({ kind: EntryKind.UNSPECIFIED }),
      batch({ kind: 3 }),
      batch({ kind: EntryKind.DIRECTORY, size: 1 }),
      batch({ mtimeNanoseconds: 1_000_000_000 }),
      batch({ targetPath: 'x'.repeat(4097) }),
      batch({ targetPath: 'ä'.repeat(2049) }),
      batch({}, Number.MAX_SAFE_INTEGER),
      digests({ byteLength: 1, digests: new Uint8Array(33) }),
      digests({ byteLength: 1, digests: new Uint8Array(0) }),
      digests({ byteLength: 0, digests: new Uint8Array(32) }),
      digests({ byteLength: 2 ** 20 + 1 }),
      digests({ block: 2 ** 32 }),
      { $case: 'blockRequest', value: { block: 2 ** 32, chunks: [0] } },
      { $case: 'failed', value: { errorCode: 0, message: '', subject: '' } },
      { $case: 'sourceProblem', value: { source: 'a', errorCode: 0, message: '' } },
      { $case: 'entryFailed', value: { index: 0, errorCode: 0, message: '' } },
      { $case: 'entryResults', value: { results: [{ ...RESULT, digest: new Uint8Array(31) }] } },
    ];
    for (const body of bad) expectViolation(() => transferRoundtrip(body));
    expect(transferRoundtrip(batch({ targetPath: 'ä'.repeat(2048) }))).toBeDefined();
    for (const direction of [0, 3, -1]) {
      const body = { $case: 'open', value: { ...OPEN, direction } } as unknown as TransferBody;
      expectViolation(() => transferRoundtrip(body));
    }
    for (const paths of [{ destinationPath: 'x'.repeat(4097) }, { sourcePaths: ['', 'x'.repeat(4097)] }]) {
      expectViolation(() => transferRoundtrip({ $case: 'open', value: { ...OPEN, ...paths } }));
    }
  });

  it('[ST-3] of digests that do not go with the uses of their chunks are a violation', () => {
    const two = new Uint8Array(64);
    const good = [
      digests({ uses: Uint8Array.of(0, 1, 0) }),
      digests({ uses: Uint8Array.of(2), byteLength: 0 }),
      digests({ uses: Uint8Array.of(1, 2), digests: two }),
    ];
    for (const body of good) expect(transferRoundtrip(body)).toEqual(body);
    const bad = [
      digests({ uses: Uint8Array.of(0) }),
      digests({ uses: Uint8Array.of(3) }),
      digests({ uses: Uint8Array.of(1, 1) }),
      digests({ uses: Uint8Array.of(2) }),
      digests({ uses: Uint8Array.of(1), byteLength: 0 }),
      digests({ uses: Uint8Array.of(1, 0), digests: two }),
      digests({ uses: new Uint8Array(4097).fill(0, 1).fill(1, 0, 1) }),
    ];
    for (const body of bad) expectViolation(() => transferRoundtrip(body));
  });

  it('[ST-3] of chunks, holes and plans that cannot be are a violation', () => {
    const request = (...chunks: number[]): TransferBody => ({
      $case: 'blockRequest',
      value: { block: 0, chunks },
    });
    const hole = (firstChunk: number, chunks: number): TransferBody => ({
      $case: 'holeRun',
      value: { index: 0, firstChunk, chunks },
    });
    const good = [
      request(0, 1, 4095),
      hole(2 ** 32 - 1, 1),
      plans([{ index: 3, have: [0, 2 ** 32] }, { index: 3 }], 2 ** 32),
      plans([{ have: Array(MAX_HAVE_NUMBERS).fill(1) }]),
    ];
    for (const body of good) expect(transferRoundtrip(body)).toEqual(body);
    const bad = [
      request(),
      request(4096),
      request(1, 1),
      request(2, 1),
      hole(0, 0),
      hole(2 ** 32, 1),
      hole(1, 2 ** 32),
      hole(2 ** 53 - 1, 2 ** 53 - 1),
      plans([], 2 ** 32 + 1),
      plans([{ index: 1 }, { index: 0 }]),
      plans([{ have: [1] }]),
      plans([{ have: [1, 2 ** 32] }]),
      plans([{ have: Array(MAX_HAVE_NUMBERS).fill(0) }, { have: [0, 1] }]),
      plans(Array(MAX_PLANS + 1).fill({})),
    ];
    for (const body of bad) expectViolation(() => transferRoundtrip(body));
    const most = encodeTransferMessage({
      body: plans([{ index: 2 ** 53 - 1, have: Array(MAX_HAVE_NUMBERS).fill(2 ** 17) }]),
    });
    expect(most.length).toBeLessThan(MAX_MESSAGE_BYTES);
  });

  it('[ST-3] of permissions and of a way to receive that cannot be are a violation', () => {
    const permissions = { mode: 0o7777, uid: 2 ** 32 - 1, gid: 0, user: 'u'.repeat(256), group: '' };
    expect(transferRoundtrip(batch({ permissions }))).toEqual(batch({ permissions }));
    for (const part of [{ mode: 0o10000 }, { user: 'u'.repeat(257) }, { group: 'ä'.repeat(129) }]) {
      expectViolation(() => transferRoundtrip(batch({ permissions: { ...permissions, ...part } })));
    }
    expectViolation(() => transferRoundtrip(batch({ kind: EntryKind.DIRECTORY, size: 0, sourceInode: 1 })));
    const open = (part: object): TransferBody => {
      return { $case: 'open', value: { ...OPEN, receiving: { ...RECEIVING, ...part } as Receiving } };
    };
    for (const part of [
      { overwrite: 6, skip: 3 },
      { checkpointIntervalMs: 0 },
      { checkpointIntervalMs: 100 },
    ])
      expect(transferRoundtrip(open(part))).toEqual(open(part));
    for (const part of [
      { overwrite: 7 },
      { overwrite: -1 },
      { skip: 4 },
      { checkpointIntervalMs: 99 },
      { checkpointIntervalMs: 3_600_001 },
    ])
      expectViolation(() => transferRoundtrip(open(part)));
  });

  it('name an activity that is not known as none', () => {
    const value = { writtenBytes: 1, durableBytes: 0, filesDone: 0, presentBytes: 1 };
    for (const activity of [5, -1] as ReceiverActivity[]) {
      expect(transferRoundtrip({ $case: 'receiverProgress', value: { ...value, activity } })).toEqual({
        $case: 'receiverProgress',
        value: { ...value, activity: ReceiverActivity.UNSPECIFIED },
      });
    }
  });

  it('name a limiter that is not known as none', () => {
    for (const limiter of [7, -1, 2 ** 31 - 1]) {
      const body = { $case: 'senderProgress', value: { limiter } } as TransferBody;
      expect(transferRoundtrip(body)).toEqual({
        $case: 'senderProgress',
        value: { limiter: TransferLimiter.UNSPECIFIED },
      });
    }
  });

  it('[TR-2] with a size that is no safe integer are a violation', () => {
    const sizes = ['808080808080 8010', 'ffffffffffff ffffff01', 'ffffffffffff ffffffff01'];
    for (const size of sizes) {
      const varint = hexToBytes(size);
      const entry = Uint8Array.from([0x08, 1, 0x18, ...varint]);
      const entries = Uint8Array.from([0x12, entry.length, ...entry]);
      expectViolation(() => decodeTransferMessage(Uint8Array.from([0x22, entries.length, ...entries])));
    }
  });

  it('[BD-3] a block of 4,096 chunks fits a message, one of more is a violation', () => {
    const digestsOf = (chunks: number) =>
      encodeTransferMessage({
        body: {
          $case: 'blockDigests',
          value: {
            block: 2 ** 32 - 1,
            byteLength: 2 ** 20,
            digests: new Uint8Array(32 * chunks),
            uses: new Uint8Array(chunks).fill(1),
          },
        },
      });
    expect(digestsOf(MAX_BLOCK_CHUNKS).length).toBeLessThan(MAX_MESSAGE_BYTES);
    const { body } = decodeTransferMessage(digestsOf(MAX_BLOCK_CHUNKS));
    expect(body.$case === 'blockDigests' && body.value.digests.length).toBe(32 * 4096);
    expectViolation(() => decodeTransferMessage(digestsOf(MAX_BLOCK_CHUNKS + 1)));
  });

  it('[LG-3] of 8 keys are taken, of 9 are a violation, and so are keys and names beyond all use', () => {
    expect(controlRoundtrip(login('u', 8))).toEqual(login('u', 8));
    expectViolation(() => controlRoundtrip(login('u', 9)));
    expectViolation(() => controlRoundtrip(login('u', 1, 4097)));
    expectViolation(() => controlRoundtrip(login('', 1)));
    expectViolation(() => controlRoundtrip(login('u'.repeat(257), 1)));
  });

  it('[LG-5] of a login by keys, by password, by token or by none of them are taken, of two ways are a violation', () => {
    const key = { publicKey: new Uint8Array(9), signature: new Uint8Array(9) };
    const longest = 'é'.repeat(512);
    const ways = [{ publicKeys: [key] }, { password: longest }, { token: 't'.repeat(256) }];
    for (const way of [{}, ...ways, { user: '', token: 't', tokenPassword: longest }])
      expect(controlRoundtrip(loginOf(way))).toEqual(loginOf(way));
    for (const first of ways) {
      for (const second of ways)
        if (first !== second) expectViolation(() => controlRoundtrip(loginOf({ ...first, ...second })));
    }
    const bad = [
      { user: '', password: 'p' },
      { user: '' },
      { tokenPassword: 'p' },
      { password: 'p', tokenPassword: 'p' },
      { password: `${longest}p` },
      { token: 't', tokenPassword: `${longest}p` },
      { token: 't'.repeat(257) },
    ];
    for (const part of bad) expectViolation(() => controlRoundtrip(loginOf(part)));
  });

  it('[LG-6] of a server that says who it is has both of its ids, of 32 digits each', () => {
    const id = '0123456789abcdef'.repeat(2);
    expect(controlRoundtrip(loggedInAt({ uid: id, id }))).toEqual(loggedInAt({ uid: id, id }));
    for (const bad of ['', id.toUpperCase(), `${id}0`, id.slice(1), id.replace('0', ' ')]) {
      for (const server of [
        { uid: bad, id },
        { uid: id, id: bad },
      ]) {
        expectViolation(() => controlRoundtrip(loggedInAt(server)));
        expectViolation(() => controlRoundtrip(loginOf({ server })));
      }
    }
  });

  it('[RP-1] of a rate policy that cannot be are a violation', () => {
    const none = { targetRate: 0, minimumRate: 0, capRate: 0 };
    const bad = [
      { ...none, policy: 0 },
      { ...none, policy: 5 },
      { ...none, policy: -1 },
      { ...none, policy: RatePolicyName.FIXED },
      { ...none, policy: RatePolicyName.FIXED, targetRate: 1e6, minimumRate: 1e3 },
      { ...none, policy: RatePolicyName.FAIR, targetRate: 1e6 },
      { ...none, policy: RatePolicyName.FAIR, capRate: 999 },
      { ...none, policy: RatePolicyName.FAIR, capRate: 1e12 + 1 },
      { ...none, policy: RatePolicyName.LOW, minimumRate: 2e6, capRate: 1e6 },
    ] as RatePolicy[];
    for (const value of bad) {
      expectViolation(() => controlRoundtrip({ $case: 'ratePolicy', value }));
      expectViolation(() => controlRoundtrip({ $case: 'ratePolicyInForce', value }));
    }
  });

  it('[RP-5] of a receive limit that cannot be are a violation', () => {
    for (const rate of [1, 999, 1e12 + 1])
      expectViolation(() => controlRoundtrip({ $case: 'receiveLimit', value: { rate } }));
  });

  it('[TR-6] of a transfer id that is not 16 bytes are a violation', () => {
    const open = (part: object) => ({ $case: 'open', value: { ...OPEN, ...part } }) as TransferBody;
    for (const direction of [Direction.UPLOAD, Direction.DOWNLOAD]) {
      const named = open({ direction, transferId: new Uint8Array(16).fill(7) });
      expect(transferRoundtrip(named)).toEqual(named);
      for (const bytes of [1, 15, 17]) {
        expectViolation(() => transferRoundtrip(open({ direction, transferId: new Uint8Array(bytes) })));
      }
    }
  });

  it('cut texts for people instead of refusing them, and not within a character', () => {
    const message = `${'x'.repeat(4095)}\u{1f680}`;
    const result = controlRoundtrip({
      $case: 'loginResult',
      value: { errorCode: 1, message, account: '', server: undefined },
    });
    expect(result.value).toMatchObject({ message: 'x'.repeat(4095) });
    const failed = transferRoundtrip({
      $case: 'failed',
      value: { errorCode: 1, message, subject: 'y'.repeat(9000) },
    });
    expect(failed.value).toMatchObject({ message: 'x'.repeat(4095), subject: 'y'.repeat(4096) });
  });

  it('of a handshake have sizes that can be, and 1,200 bytes as size when they say none', () => {
    const roundtrip = (part: Partial<HandshakeParameters>) =>
      decodeHandshakeParameters(encodeHandshakeParameters(parameters(part)));
    expect(roundtrip({}).maxDatagramBytes).toBe(1200);
    expect(roundtrip({ software: 's'.repeat(5000) }).software).toHaveLength(4096);
    expectViolation(() => roundtrip({ maxDatagramBytes: 1199 }));
    expectViolation(() => roundtrip({ maxDatagramBytes: 65_508 }));
    expectViolation(() => roundtrip({ connectionId: new Uint8Array(7) }));
    expectViolation(() => roundtrip({ aeads: Array(17).fill(1) }));
  });
});

describe('hostile bytes', () => {
  const encoders: [string, (bytes: Uint8Array) => unknown, fc.Arbitrary<Uint8Array>][] = [
    ['control', decodeControlMessage, anyControlBody.map((body) => encodeControlMessage({ body }))],
    ['transfer', decodeTransferMessage, anyTransferBody.map((body) => encodeTransferMessage({ body }))],
    ['handshake', decodeHandshakeParameters, anyHandshakeParameters.map(encodeHandshakeParameters)],
  ];

  it.each(encoders)('[ST-3] as %s message give a value or a violation, nothing else', (_, decode, good) => {
    const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 100 }), { weight: 4, arbitrary: mutated(good) });
    let violations = 0;
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const value = decodeOrViolation(() => decode(bytes));
        if (value === 'violation') violations++;
        if (decode === decodeTransferMessage)
          expect(decodeOrViolation(() => decodeLater(bytes))).toEqual(value);
      }),
      { numRuns: 6000 },
    );
    expect(violations).toBeGreaterThan(500);
  });

  it('that announce gigabytes are refused before anything is allocated for them', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 1000; i++) {
      // Field 6 (BlockDigests) of 2^32-1 bytes; then within it a field of 2^31 bytes.
      expectViolation(() => decodeTransferMessage(hexToBytes('32 ffffffff0f')));
      expectViolation(() => decodeTransferMessage(hexToBytes('32 06 12 8080808008')));
      expectViolation(() => decodeTransferMessage(hexToBytes('22 06 12 8080808008')));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 2 ** 20);
  });

  it('nested a hundred thousand deep are a violation', () => {
    const groups = new Uint8Array(200_000).fill(0x0b); // start of group 1, again and again
    expectViolation(() => decodeTransferMessage(groups));
    expectViolation(() => decodeControlMessage(groups));
  });

  it('of a message made of the smallest parts take less than 64 MiB', () => {
    const before = process.memoryUsage().heapUsed;
    const entries = MAX_MESSAGE_BYTES / 2 - 8;
    const length = 2 * entries;
    const prefix = [0x4a, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
    const message = new Uint8Array(prefix.length + length);
    message.set(prefix);
    for (let i = 0; i < entries; i++) message[prefix.length + 2 * i] = 0x0a; // an EntryResult with nothing in it
    const decoded = decodeTransferMessage(message);
    expect(decoded.body.$case === 'entryResults' && decoded.body.value.results.length).toBe(entries);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 2 ** 20);
  });
});
