/** Peers that break the rules of what is sent: each ends in a named violation, and nothing else happens. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SYSTEM_ROOT } from '@jetstream/manifest';
import {
  BLOCK_BYTES,
  decodeTransferMessage,
  EntryKind,
  encodeTransferMessage,
  type JetStreamError,
  receiveTransferMessage,
  type TransferBody,
} from '@jetstream/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlockMemory } from '../block-memory.ts';
import type { ContentHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import { localStorage } from '../testing/local-storage.ts';
import { ContentReceiver } from './content-receiver.ts';
import { ContentSender } from './content-sender.ts';
import { checkReceivingOptions } from './receiving-options.ts';

let base: string;
let storage: StorageHost;
let end: () => void;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-violations-'));
  storage = await localStorage();
});

afterEach(async () => {
  end();
  await storage.close();
  rmSync(base, { recursive: true, force: true });
});

interface Alone {
  handler: ContentHandler;
  /** What it has sent. */
  said: TransferBody[];
  /** Resolves when it has sent a message of this kind. */
  heard($case: TransferBody['$case'], times?: number): Promise<void>;
  /** What it failed with. */
  failed: Promise<JetStreamError>;
}

const NOTHING = { onTotals: () => undefined, onFiles: () => undefined, onLimiter: () => undefined };

/** One end without another. */
function alone(
  make: (port: TransferPort, onFailed: (error: JetStreamError) => void) => ContentHandler,
): Alone {
  const said: TransferBody[] = [];
  const waiting = new Set<() => void>();
  let onFailed!: (error: JetStreamError) => void;
  const failed = new Promise<JetStreamError>((resolve) => (onFailed = resolve));
  const port = {
    transfer: 1,
    connection: {
      stats: { minRttUs: 100 },
      openBulkSender: () => undefined,
      openBulkReceiver: () => undefined,
      offerBlock: () => true,
      expectBlock: () => undefined,
      releaseBlock: () => undefined,
      requestBlock: () => undefined,
    },
    send: (body: TransferBody) => port.sendEncoded(encodeTransferMessage({ body })),
    sendEncoded: (message: Uint8Array) => {
      said.push(decodeTransferMessage(message).body);
      for (const check of waiting) check();
    },
    writable: () => undefined,
    close: () => undefined,
  };
  const heard = ($case: TransferBody['$case'], times = 1) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (said.filter((body) => body.$case === $case).length < times) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { handler: make(port as unknown as TransferPort, onFailed), said, heard, failed };
}

/** As a session has it. */
async function tell({ handler }: Alone, body: TransferBody): Promise<void> {
  await handler.onMessage(receiveTransferMessage(encodeTransferMessage({ body })));
}

/** What a handler throws ends the connection. */
async function outcomeOf(told: Alone, ...messages: TransferBody[]): Promise<string> {
  try {
    for (const body of messages) await tell(told, body);
  } catch (error) {
    return (error as JetStreamError).code;
  }
  return (await told.failed).code;
}

describe('a receiver of content', () => {
  const batch: TransferBody = {
    $case: 'manifestBatch',
    value: {
      firstIndex: 0,
      entries: [
        ['large', 2 * BLOCK_BYTES],
        ['small', 3],
        ['empty', 0],
      ].map(([name, size]) => ({
        kind: EntryKind.FILE,
        targetPath: `0/${name}`,
        size: size as number,
        mtimeSeconds: 1,
        mtimeNanoseconds: 0,
        executable: false,
        sourceInode: 1,
        permissions: undefined,
      })),
    },
  };
  const manifestEnd: TransferBody = { $case: 'manifestEnd', value: { entries: 3, files: 3, bytes: 0 } };

  async function receiver(verify = false): Promise<Alone> {
    const made = alone((port, onFailed) => {
      const content = new ContentReceiver(
        port,
        storage,
        { ...NOTHING, onProgress: () => undefined, onComplete: () => undefined, onFailed },
        { verify },
      );
      end = () => content.stop();
      return content;
    });
    const { checkpointIntervalMs: _, ...rules } = checkReceivingOptions({});
    await storage.call('openWriter', {
      actAs: undefined,
      rule: 'mappings',
      transferId: '0123456789abcdef',
      localTargets: [join(base, 'target')],
      ...rules,
      verify,
      preserve: false,
      resumable: false,
    });
    return made;
  }

  function digests(block: number, uses: number[], byteLength: number, count = 1): TransferBody {
    const value = { block, byteLength, digests: new Uint8Array(32 * count), uses: Uint8Array.from(uses) };
    return { $case: 'blockDigests', value };
  }

  function hole(index: number, firstChunk: number, chunks: number): TransferBody {
    return { $case: 'holeRun', value: { index, firstChunk, chunks } };
  }

  const bad: [string, TransferBody[]][] = [
    ['[PL-1] content of a block that is not planned', [digests(3, [], 1)]],
    ['[PL-1] an offer of a block that is not planned', [digests(7, [2], 0)]],
    ['[PL-7] a block twice at once', [digests(0, [], BLOCK_BYTES), digests(0, [], BLOCK_BYTES)]],
    ['[PL-7] uses for more chunks than a block has', [digests(0, [2, 2], 0, 2)]],
    ['[PL-7] digests for fewer chunks than a block has', [digests(2, [2], 0, 2)]],
    ['[PL-3] an offer in answer to a request', [digests(0, [2], 0), digests(0, [2], 0)]],
    ['[PL-6] a hole outside of its file', [hole(0, 1, 2)]],
    ['[PL-6] a hole in a file that is not there', [hole(3, 0, 1)]],
    ['a plan', [{ $case: 'entryPlans', value: { plans: [], plannedBlocks: 0 } }]],
  ];

  it.each(bad)('takes %s for a violation', async (_, messages) => {
    const made = await receiver();
    await tell(made, batch);
    await tell(made, manifestEnd);
    while (!made.said.some((body) => body.$case === 'entryPlans' && body.value.plannedBlocks === 3))
      await made.heard('entryPlans', made.said.filter(({ $case }) => $case === 'entryPlans').length + 1);
    expect(await outcomeOf(made, ...messages)).toBe('protocol-violation');
  });

  it('[PL-9] takes content in a comparison for a violation', async () => {
    mkdirSync(join(base, 'target'));
    writeFileSync(join(base, 'target/large'), Buffer.alloc(2 * BLOCK_BYTES));
    const made = await receiver(true);
    await tell(made, batch);
    await tell(made, manifestEnd);
    expect(await outcomeOf(made, digests(0, [], BLOCK_BYTES))).toBe('protocol-violation');
  });

  it('[PL-1] takes many offers before any plan for a violation', async () => {
    const made = await receiver();
    expect(await outcomeOf(made, ...Array(20).fill(digests(0, [2], 0)))).toBe('protocol-violation');
    expect(await outcomeOf(made, ...Array(20).fill(hole(0, 0, 1)))).toBe('protocol-violation');
  });
});

describe('a sender of content', () => {
  async function sender(verify = false): Promise<Alone> {
    const source = join(base, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'large'), Buffer.alloc(3 * BLOCK_BYTES, 1));
    const made = alone((port, onFailed) => {
      const content = new ContentSender(port, storage, new BlockMemory(8), {
        ...NOTHING,
        onFileBegun: () => undefined,
        onProgress: () => undefined,
        onComplete: () => undefined,
        onFailed,
      });
      end = () => content.stop();
      return content;
    });
    await storage.call('openReader', {
      actAs: undefined,
      sandbox: SYSTEM_ROOT,
      mappings: [{ source, target: '0' }],
      symlinks: 'follow',
      verify,
      preserve: false,
    });
    (made.handler as ContentSender).start();
    await made.heard('manifestEnd');
    return made;
  }

  function planned(
    plannedBlocks: number,
    index = 0,
    have: number[] = [],
    digestsFirst = false,
  ): TransferBody {
    const plans = have.length > 0 || digestsFirst ? [{ index, digestsFirst, have }] : [];
    return { $case: 'entryPlans', value: { plans, plannedBlocks } };
  }

  function request(block: number, ...chunks: number[]): TransferBody {
    return { $case: 'blockRequest', value: { block, chunks } };
  }

  const DIRECTORY = 0;
  const LARGE = 1;
  const bad: [string, TransferBody[]][] = [
    ['[PL-1] a frontier that falls', [planned(2), planned(1)]],
    ['[PL-1] a frontier beyond the manifest', [planned(4)]],
    ['[PL-5] a plan for an entry that is not there', [planned(0, 2, [0, 1])]],
    ['[PL-5] chunks that a file does not have', [planned(0, LARGE, [2, 2])]],
    ['[PL-5] chunks that were told before', [planned(0, LARGE, [0, 2]), planned(0, LARGE, [1, 1])]],
    ['[PL-5] an older version of a directory', [planned(0, DIRECTORY, [], true)]],
    ['[PL-3] a request for a block that is not dealt with', [request(0, 0)]],
    ['[PL-3] a request for a block that is not there', [planned(3), request(9, 0)]],
    ['digests', [{ $case: 'manifestEnd', value: { entries: 0, files: 0, bytes: 0 } }]],
  ];

  it.each(bad)('takes %s for a violation', async (_, messages) => {
    expect(await outcomeOf(await sender(), ...messages)).toBe('protocol-violation');
  });

  it('[PL-5] takes a request for a chunk that a block does not have for a violation', async () => {
    const made = await sender();
    await tell(made, planned(3));
    await made.heard('blockDigests', 3);
    made.handler.onBlockAcked?.(0);
    expect(await outcomeOf(made, request(0, 0, 1))).toBe('protocol-violation');
  });

  it('[PL-3] sends a block once more when it is asked for, and takes a third time for a violation', async () => {
    const made = await sender();
    await tell(made, planned(3));
    await made.heard('blockDigests', 3);
    await tell(made, request(1, 0));
    expect(made.said.filter(({ $case }) => $case === 'blockDigests')).toHaveLength(3);
    made.handler.onBlockAcked?.(1);
    await made.heard('blockDigests', 4);
    made.handler.onBlockAcked?.(1);
    expect(await outcomeOf(made, request(1, 0))).toBe('protocol-violation');
  });

  it('[PL-9] takes a request in a comparison for a violation', async () => {
    const made = await sender(true);
    await tell(made, planned(3));
    await made.heard('blockDigests', 3);
    expect(await outcomeOf(made, request(1, 0))).toBe('protocol-violation');
  });
});
