import type { ManifestEntry, ScanProblem } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import type { SourceEntry, TreeReader } from '../tree-reader.ts';
import type { EntryResult, TreeWriter } from '../tree-writer.ts';

export interface TransferOptions {
  batchEntries?: number;
  /** Order in which blocks go over; default as they are. */
  order?: (blocks: number[]) => number[];
  /** May change a block on its way. */
  tamper?: (block: number, bytes: Uint8Array, beginning: number) => void;
  /** Runs after the scan and before the first block is read. */
  afterScan?: () => void;
  /** Sees each result at once: the transfer may be cut off. */
  onResult?: (result: EntryResult) => void;
}

export interface TransferOutcome {
  entries: ManifestEntry[];
  results: EntryResult[];
  /** By index of the entry, when its result came. */
  settled: Map<number, SourceEntry | undefined>;
  problems: ScanProblem[];
  blocksRead: number[];
}

/** What is read into it is known from what stood there. */
const memory = new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES)).fill(0xee);

/** Takes a tree from reader to writer in one thread, as two ends of a connection would. */
export function transfer(
  reader: TreeReader,
  writer: TreeWriter,
  options: TransferOptions = {},
): TransferOutcome {
  const {
    batchEntries = 100,
    order = (blocks) => blocks,
    tamper = () => {},
    afterScan = () => {},
    onResult,
  } = options;
  const outcome: TransferOutcome = {
    entries: [],
    results: [],
    settled: new Map(),
    problems: [],
    blocksRead: [],
  };
  const blocks: number[] = [];
  const take = (results: readonly EntryResult[]) => {
    outcome.results.push(...results);
    for (const result of results) {
      onResult?.(result);
      outcome.settled.set(result.index, reader.entrySettled(result.index));
    }
  };

  for (let done = false; !done; ) {
    const batch = reader.nextBatch(batchEntries);
    outcome.entries.push(...batch.entries);
    outcome.problems.push(...batch.problems);
    for (const run of batch.sealedBlocks) for (let at = 0; at < run.count; at++) blocks.push(run.block + at);
    const { results, lookups } = writer.addEntries(batch.firstIndex, batch.entries);
    take(results);
    writer.resume(lookups.map(({ index }) => ({ index, record: undefined })));
    done = batch.done;
    if (done) writer.endManifest(batch.totals.entries);
    for (let more = true; more; ) {
      const plan = writer.plan(2 ** 20);
      reader.applyPlans(plan.plans);
      take(plan.results);
      more = plan.more;
    }
  }
  afterScan();

  const commit = () => {
    do {
      const { results, requests } = writer.commitReady();
      take(results);
      for (const { block, chunks } of requests) send(block, chunks);
    } while (writer.readyEntries > 0);
  };
  const send = (block: number, requested?: number[]) => {
    let chunks = requested;
    for (let beginning = 1; ; beginning++) {
      const { byteLength, digests, uses, failures, holes } = reader.readBlock(block, memory, chunks);
      for (const { index, code, message } of failures) take(writer.failEntry(index, code, message));
      if (holes !== undefined) take(writer.addHoles(holes.index, holes.firstChunk, holes.chunks).results);
      if (digests.byteLength === 0) break;
      outcome.blocksRead.push(block);
      const bytes = memory.subarray(0, byteLength);
      tamper(block, bytes, beginning);
      const written = writer.writeBlock(block, bytes, digests, uses);
      take(written.results);
      bytes.fill(0xee);
      if (written.wantedChunks.length === 0) break;
      chunks = written.wantedChunks;
    }
  };
  for (const block of order(blocks)) {
    send(block);
    if (block % 3 === 0) commit();
  }
  commit();
  return outcome;
}
