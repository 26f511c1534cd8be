import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BLOCK_BYTES, type TransferBody } from '@jetstream/protocol';
import type { TreeWriter } from '@jetstream/storage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyContent } from '../testing/content-pair.ts';
import { MemoryJournal } from '../testing/memory-journal.ts';

let base: string;
let source: string;
let target: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-flow-'));
  source = join(base, 'source');
  target = join(base, 'target');
  mkdirSync(source);
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Content that tells every place from every other. */
function content(byteLength: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(byteLength);
  for (let at = 0; at + 4 <= byteLength; at += 4) bytes.writeUInt32LE((at * 2_654_435_761 + seed) >>> 0, at);
  return bytes;
}

function put(name: string, bytes: Uint8Array): void {
  writeFileSync(join(source, name), bytes);
  utimesSync(join(source, name), 1_700_000_000, 1_700_000_000);
}

function got(name: string): Buffer {
  return readFileSync(join(target, name));
}

function of<Case extends TransferBody['$case']>(
  messages: readonly TransferBody[],
  $case: Case,
): Extract<TransferBody, { $case: Case }>['value'][] {
  return messages.filter((body) => body.$case === $case).map(({ value }) => value as never);
}

describe('content', () => {
  it('of a new tree is sent whole, once, and only what is planned', async () => {
    put('large', content(5 * BLOCK_BYTES + 3));
    for (let file = 0; file < 20; file++) put(`small-${file}`, content(100 + file, file));
    const { error, messages, blocks, sent, received } = await copyContent({ source, target });
    expect(error).toBeUndefined();
    expect(got('large').equals(content(5 * BLOCK_BYTES + 3))).toBe(true);
    expect(sent.map(({ error }) => error)).toEqual(Array(21).fill(undefined));
    expect(received).toHaveLength(21);
    expect(blocks.filter(({ again }) => again)).toEqual([]);
    const kinds = messages.map(({ $case }) => $case);
    expect(kinds.indexOf('entryPlans')).toBeLessThan(kinds.indexOf('blockDigests'));
  });

  it('[PL-1] of the first two blocks goes out before any plan on a long path, and no more of it', async () => {
    put('large', content(4 * BLOCK_BYTES));
    let planned = false;
    const { error, messages } = await copyContent({
      source,
      target,
      rttUs: 100_000,
      change: (writer) => ({
        // As if it took long to look at what is there.
        plan: (maxBytes) => {
          const plan = writer.plan(maxBytes);
          if (planned) return plan;
          planned = true;
          return { plans: [], plannedBlocks: 0, results: [], notes: [], more: true };
        },
        writeBlock: (...block) => {
          expect(planned, 'no block comes to the writer before its plan').toBe(true);
          return writer.writeBlock(...block);
        },
      }),
    });
    expect(error).toBeUndefined();
    expect(of(messages, 'blockDigests').map(({ block }) => block)).toEqual([0, 1, 2, 3]);
    expect(got('large').equals(content(4 * BLOCK_BYTES))).toBe(true);
  });

  it('[PL-4] of a tree that is there already is not sent at all', async () => {
    put('large', content(3 * BLOCK_BYTES));
    put('small', content(100));
    put('empty', content(0));
    await copyContent({ source, target });
    const { error, blocks, messages, sent, progress } = await copyContent({ source, target });
    expect(error).toBeUndefined();
    expect([blocks, of(messages, 'blockDigests')]).toEqual([[], []]);
    expect(sent.map(({ skipped }) => skipped)).toEqual([true, true, true]);
    expect(progress).toEqual({
      writtenBytes: 3 * BLOCK_BYTES + 100,
      durableBytes: 3 * BLOCK_BYTES + 100,
      presentBytes: 3 * BLOCK_BYTES + 100,
    });
  });

  it('[PL-2] of a copy that was broken off is gone on with: what is durable is not sent again', async () => {
    const bytes = content(8 * BLOCK_BYTES + 9);
    put('large', bytes);
    const journal = new MemoryJournal();
    const first = await copyContent({ source, target, receiver: { journal }, lostAfterBlocks: 5 });
    expect(first.error).toMatchObject({ code: 'connection-lost' });
    expect(journal.released).toBe(1);
    const kept = [...journal.records.values()].flatMap(({ segments }) => segments);
    const keptChunks = kept.reduce((sum, { digests }) => sum + (digests.byteLength - 128) / 32, 0);
    expect(keptChunks).toBeGreaterThan(2);
    const second = await copyContent({ source, target, receiver: { journal } });
    expect(second.error).toBeUndefined();
    expect(got('large').equals(bytes)).toBe(true);
    expect(second.blocks).toHaveLength(9 - keptChunks);
    expect(second.progress.presentBytes).toBe(keptChunks * BLOCK_BYTES);
    expect([journal.records.size, journal.released]).toEqual([0, 2]);
    expect(readdirSync(target)).toEqual(['large']);
  });

  it.each([true, false])('[PL-8] that is durable counts when its record is saved: %s', async (savesWell) => {
    put('large', content(6 * BLOCK_BYTES));
    const journal = new MemoryJournal();
    journal.savesWell = savesWell;
    let checkpointedBytes = 0;
    let toldSince = 0;
    const durable: number[] = [];
    const { error } = await copyContent({
      source,
      target,
      receiver: { journal, checkpointIntervalMs: 10 },
      change: (writer) => ({
        checkpoint: () => {
          checkpointedBytes = writer.progress.writtenBytes;
          return writer.checkpoint();
        },
        // The rest waits until the first half was told of.
        plan: (maxBytes) => {
          const plan = writer.plan(maxBytes);
          return toldSince > 1
            ? plan
            : { ...plan, plannedBlocks: Math.min(3, plan.plannedBlocks), more: true };
        },
      }),
      onMessage: (body) => {
        if (body.$case !== 'receiverProgress' || checkpointedBytes < 3 * BLOCK_BYTES) return;
        toldSince++;
        if (body.value.filesDone === 0) durable.push(body.value.durableBytes);
      },
    });
    expect(error).toBeUndefined();
    expect(durable[1]).toBe(savesWell ? 3 * BLOCK_BYTES : 0);
  });

  it('[PL-3] that is offered is asked for and comes as its first sending, before what was not begun', async () => {
    const bytes = content(12 * BLOCK_BYTES);
    put('large', bytes);
    const { error, blocks, messages } = await copyContent({ source, target, change: digestsFirst });
    expect(error).toBeUndefined();
    expect(got('large').equals(bytes)).toBe(true);
    expect(blocks.every(({ again }) => !again)).toBe(true);
    expect(of(messages, 'blockRequest')).toHaveLength(12);
    const digests = of(messages, 'blockDigests');
    expect(digests.filter(({ byteLength }) => byteLength === 0)).toHaveLength(12);
    expect(digests.at(-1)?.block).toBe(11);
  });

  it('[DI-2] that is bad is sent once more, also after it was offered, and fails its file the second time', async () => {
    put('large', content(3 * BLOCK_BYTES));
    put('small', content(10));
    for (const change of [undefined, digestsFirst]) {
      for (const times of [1, 2]) {
        const { error, blocks, sent } = await copyContent({
          source,
          target: join(base, `target-${times}-${change?.name}`),
          ...(change && { change }),
          tamper: (block, again, bytes) => {
            if (block === 1 && (times === 2 || !again)) bytes[7]! ^= 1;
          },
        });
        expect(error).toBeUndefined();
        expect(blocks.filter(({ again }) => again).map(({ block }) => block)).toEqual([1]);
        const outcome = Object.fromEntries(sent.map(({ source, error }) => [basename(source), error?.code]));
        expect(outcome).toEqual({ large: times === 2 ? 'digest-mismatch' : undefined, small: undefined });
      }
    }
  });

  it('[PL-3] that is found bad when it is read back is asked for once more', async () => {
    put('large', content(2 * BLOCK_BYTES));
    const { error, blocks } = await copyContent({
      source,
      target,
      change: (writer) => {
        let readBack = false;
        return {
          commitReady: (maxFiles) => {
            if (readBack || writer.progress.writtenBytes < 2 * BLOCK_BYTES)
              return writer.commitReady(maxFiles);
            readBack = true;
            return { results: [], requests: [{ block: 1, chunks: [0] }] };
          },
        };
      },
    });
    expect(error).toBeUndefined();
    expect(blocks.filter(({ again }) => again)).toEqual([{ block: 1, again: true, byteLength: BLOCK_BYTES }]);
  });

  it('[PL-6] that is a hole is told in a few messages, however large', async () => {
    put('sparse', new Uint8Array(0));
    const size = 2 ** 30 + 5;
    truncateSync(join(source, 'sparse'), size);
    const { error, blocks, messages } = await copyContent({ source, target });
    expect(error).toBeUndefined();
    expect(blocks.length).toBeLessThanOrEqual(1);
    expect(messages.length).toBeLessThan(20);
    const { size: gotSize, blocks: sectors } = statSync(join(target, 'sparse'));
    expect(gotSize).toBe(size);
    expect(sectors * 512).toBeLessThan(8 * BLOCK_BYTES);
  });

  it('[PL-9] is compared without being sent, and nothing is written', async () => {
    put('large', content(3 * BLOCK_BYTES));
    put('small', content(10));
    put('missing', content(10));
    await copyContent({ source, target });
    rmSync(join(target, 'missing'));
    const changed = content(3 * BLOCK_BYTES);
    changed[BLOCK_BYTES]! ^= 1;
    writeFileSync(join(target, 'large'), changed);
    const { error, blocks, sent, messages } = await copyContent({
      source,
      target,
      receiver: { verify: true },
    });
    expect(error).toBeUndefined();
    expect([blocks, of(messages, 'blockRequest')]).toEqual([[], []]);
    const outcome = Object.fromEntries(sent.map(({ source, error }) => [basename(source), error?.code]));
    expect(outcome).toEqual({ large: 'content-differs', small: undefined, missing: 'not-found' });
    expect(readdirSync(target).sort()).toEqual(['large', 'small']);
  });
});

/** An older version of each file stands there, of which nothing is of use. */
function digestsFirst(writer: TreeWriter): Partial<TreeWriter> {
  const files: number[] = [];
  return {
    addEntries: (firstIndex, entries) => {
      for (const [at, { size }] of entries.entries()) if (size > 0) files.push(firstIndex + at);
      return writer.addEntries(firstIndex, entries);
    },
    plan: (maxBytes) => {
      const plans = files.splice(0).map((index) => ({ index, digestsFirst: true, have: [] }));
      return { ...writer.plan(maxBytes), plans };
    },
  };
}
