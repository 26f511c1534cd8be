import type { ManifestEntry, ScanProblem } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import type { ResumeAnswer, ResumeLookup, ResumeUpdate } from '../resume-record.ts';
import type { BlockRead, SourceEntry, TreeReader } from '../tree-reader.ts';
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
  /** What is known of targets; default: nothing. */
  claim?: (lookups: readonly ResumeLookup[]) => ResumeAnswer[];
  /** The first two blocks come before anything is known of targets. */
  isEager?: boolean;
  /** Bytes that may be read for a plan at a time; default all. */
  planBytes?: number;
  /** Blocks from checkpoint to checkpoint; default none is made. */
  checkpointBlocks?: number;
  onCheckpoint?: (updates: readonly ResumeUpdate[]) => void;
  /** Ends before so many blocks were sent. */
  maxBlocks?: number;
}

export interface TransferOutcome {
  entries: ManifestEntry[];
  results: EntryResult[];
  /** By index of the entry, when its result came. */
  settled: Map<number, SourceEntry | undefined>;
  problems: ScanProblem[];
  blocksRead: number[];
  /** Of content. */
  sentBytes: number;
  notes: string[];
}

/** What is read into it is known from what stood there. */
const memory = new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES)).fill(0xee);

/** Takes a tree from reader to writer in one thread, as two ends of a connection would. */
export function transfer(
  reader: TreeReader,
  writer: TreeWriter,
  options: TransferOptions = {},
): TransferOutcome {
  return new Transfer(reader, writer, options).run();
}

class Transfer {
  readonly #reader: TreeReader;
  readonly #writer: TreeWriter;
  readonly #options: TransferOptions;
  readonly #outcome: TransferOutcome = {
    entries: [],
    results: [],
    settled: new Map(),
    problems: [],
    blocksRead: [],
    sentBytes: 0,
    notes: [],
  };
  #plannedBlocks = 0;
  /** Those below it that were not read need not be. */
  #nextBlock = 0;

  constructor(reader: TreeReader, writer: TreeWriter, options: TransferOptions) {
    this.#reader = reader;
    this.#writer = writer;
    this.#options = options;
  }

  run(): TransferOutcome {
    const {
      order = (blocks) => blocks,
      isEager = false,
      maxBlocks = Number.POSITIVE_INFINITY,
    } = this.#options;
    const { claim = (all) => all.map(({ index }) => ({ index, record: undefined })) } = this.#options;
    const { blocks, lookups } = this.#sendManifest();
    this.#options.afterScan?.();
    const early = isEager ? blocks.filter((block) => block < 2) : [];
    // These wait at the receiver for their plan.
    const arrived = early.slice(0, maxBlocks).map((block) => {
      const bytes = new Uint8Array(BLOCK_BYTES);
      return { block, bytes, read: this.#read(block, bytes) };
    });
    this.#writer.resume(claim(lookups));
    this.#plan();
    for (const { block, bytes, read } of arrived) this.#write(block, read, bytes, 1);
    const { checkpointBlocks = Number.POSITIVE_INFINITY } = this.#options;
    const rest = order(blocks.filter((block) => !early.includes(block)));
    for (const [at, block] of rest.slice(0, Math.max(0, maxBlocks - early.length)).entries()) {
      if (this.#options.order === undefined && block < this.#nextBlock) continue;
      if (block >= this.#plannedBlocks) throw new Error(`block ${block} is not planned`);
      this.#send(block);
      if ((at + 1) % checkpointBlocks === 0) this.#options.onCheckpoint?.(this.#writer.checkpoint().updates);
      if (block % 3 === 0) this.#commit();
    }
    if (maxBlocks === Number.POSITIVE_INFINITY) this.#commit();
    return this.#outcome;
  }

  #sendManifest(): { blocks: number[]; lookups: ResumeLookup[] } {
    const blocks: number[] = [];
    const lookups: ResumeLookup[] = [];
    for (let done = false; !done; ) {
      const batch = this.#reader.nextBatch(this.#options.batchEntries ?? 100);
      this.#outcome.entries.push(...batch.entries);
      this.#outcome.problems.push(...batch.problems);
      for (const run of batch.sealedBlocks)
        for (let at = 0; at < run.count; at++) blocks.push(run.block + at);
      const added = this.#writer.addEntries(batch.firstIndex, batch.entries);
      this.#take(added.results);
      lookups.push(...added.lookups);
      done = batch.done;
      if (done) this.#writer.endManifest(batch.totals.entries);
    }
    return { blocks, lookups };
  }

  #plan(): void {
    for (let more = true; more; ) {
      const plan = this.#writer.plan(this.#options.planBytes ?? Number.POSITIVE_INFINITY);
      this.#outcome.notes.push(...plan.notes);
      this.#plannedBlocks = plan.plannedBlocks;
      this.#reader.applyPlans(plan.plans);
      this.#take(plan.results);
      more = plan.more;
    }
  }

  #send(block: number, asked?: readonly number[]): void {
    let chunks = asked;
    for (let beginning = 1; ; beginning++) {
      const read = this.#read(block, memory, chunks);
      if (asked === undefined) this.#nextBlock = read.nextBlock;
      const wanted = this.#write(block, read, memory, beginning);
      if (wanted.length === 0) break;
      chunks = wanted;
    }
  }

  #read(block: number, into: Uint8Array, chunks?: readonly number[]): BlockRead {
    const read = this.#reader.readBlock(block, into, chunks);
    this.#outcome.sentBytes += read.byteLength;
    if (read.digests.byteLength > 0) this.#outcome.blocksRead.push(block);
    return read;
  }

  /** @returns chunks to be sent again */
  #write(block: number, read: BlockRead, from: Uint8Array, beginning: number): number[] {
    const { byteLength, digests, uses, failures, holes } = read;
    for (const { index, code, message } of failures) this.#take(this.#writer.failEntry(index, code, message));
    if (holes !== undefined)
      this.#take(this.#writer.addHoles(holes.index, holes.firstChunk, holes.chunks).results);
    if (digests.byteLength === 0) return [];
    const bytes = from.subarray(0, byteLength);
    this.#options.tamper?.(block, bytes, beginning);
    const { results, wantedChunks } = this.#writer.writeBlock(block, bytes, digests, uses);
    this.#take(results);
    bytes.fill(0xee);
    return wantedChunks;
  }

  /** Until nothing waits for it any more. */
  #commit(): void {
    do {
      const { results, requests } = this.#writer.commitReady();
      this.#take(results);
      for (const { block, chunks } of requests) this.#send(block, chunks);
    } while (this.#writer.readyEntries > 0);
  }

  #take(results: readonly EntryResult[]): void {
    this.#outcome.results.push(...results);
    for (const result of results) {
      this.#options.onResult?.(result);
      this.#outcome.settled.set(result.index, this.#reader.entrySettled(result.index));
    }
  }
}
