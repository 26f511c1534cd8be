import type { BlockRun } from '@jetstream/manifest';
import { type EntryPlans, errorCodeToWire } from '@jetstream/protocol';
import type { BlockRead } from '@jetstream/storage';
import type { BlockMemory } from '../block-memory.ts';
import type { TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import { BlockQueue } from './block-queue.ts';
import { LONG_RTT_MS, PlanFrontier } from './plan-frontier.ts';
import { SentBlocks } from './sent-blocks.ts';

/** Blocks read ahead of what the transport asks for. */
const READ_AHEAD_BLOCKS = 4;

interface ReadyBlock {
  block: number;
  memory: Uint8Array;
  byteLength: number;
}

/** A block that is to be read. */
interface DueBlock {
  block: number;
  /** Those that the receiver asked for; undefined: what its plans leave. */
  chunks: readonly number[] | undefined;
}

export interface BlockSenderObserver {
  /** Content of this file is sent now. */
  onFileBegun(source: string): void;
  onFailed(error: unknown): void;
}

/** Sends content: reads the blocks that are planned or asked for, a few ahead, tells their digests, and offers them to the transport. */
export class BlockSender {
  readonly #port: TransferPort;
  readonly #storage: StorageHost;
  readonly #memory: BlockMemory;
  readonly #observer: BlockSenderObserver;
  readonly #sealed = new BlockQueue();
  readonly #frontier = new PlanFrontier();
  readonly #sent = new SentBlocks();
  readonly #requested: DueBlock[] = [];
  readonly #ready: ReadyBlock[] = [];
  /** Read, announced and not acknowledged. */
  readonly #inFlight = new Set<number>();
  /** Chunks that were asked for, of blocks that are not acknowledged yet. */
  readonly #requestedWhenAcked = new Map<number, readonly number[]>();
  /** For an answer of the peer to anything. */
  #waitedMs = 0;
  #waitTimer: NodeJS.Timeout | undefined;
  #reading = 0;
  #wanted = false;
  #over = false;
  readonly #onMemory = () => this.#fill();

  constructor(port: TransferPort, storage: StorageHost, memory: BlockMemory, observer: BlockSenderObserver) {
    this.#port = port;
    this.#storage = storage;
    this.#memory = memory;
    this.#observer = observer;
  }

  /** Blocks are on their way. */
  get isInFlight(): boolean {
    return this.#inFlight.size > 0;
  }

  /** It has something to read, or to send. */
  get isBusy(): boolean {
    return this.#reading > 0 || this.#ready.length > 0 || this.#mayReadNext;
  }

  start(): void {
    this.#port.connection.openBulkSender(this.#port.transfer, this.#memory);
    this.#wanted = true;
    this.#waitTimer = setTimeout(() => {
      this.#waitedMs = LONG_RTT_MS;
      this.#fill();
    }, LONG_RTT_MS);
  }

  /** Blocks that the manifest has from now on. */
  add(runs: readonly BlockRun[]): void {
    this.#sealed.push(runs);
    this.#fill();
  }

  /** @throws JetStreamError `protocol-violation` */
  async onPlans({ plans, plannedBlocks }: EntryPlans): Promise<void> {
    if (plans.length > 0) await this.#storage.call('applyPlans', plans);
    this.#frontier.advance(plannedBlocks, this.#sealed.end);
    this.#fill();
  }

  /** @throws JetStreamError `protocol-violation` */
  onRequest(block: number, chunks: readonly number[]): void {
    this.#sent.ask(block, this.#sealed.isPassed(block));
    this.#sendRequested(block, chunks);
  }

  /** The transport has room for more. */
  onWanted(): void {
    this.#wanted = true;
    this.#offer();
  }

  onAcked(block: number): void {
    this.#inFlight.delete(block);
    const chunks = this.#requestedWhenAcked.get(block);
    if (this.#requestedWhenAcked.delete(block)) this.#sendRequested(block, chunks!);
    this.#fill();
  }

  /** The port is closed by whoever owns it, and only that gives the memory of blocks on their way back. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#waitTimer);
    this.#memory.forget(this.#onMemory);
    for (const ready of this.#ready.splice(0)) this.#memory.release(ready.memory);
  }

  /** Before all else, for files wait for it. A block is begun again only when the last of its first sending was acknowledged. */
  #sendRequested(block: number, chunks: readonly number[]): void {
    if (this.#inFlight.has(block)) {
      this.#requestedWhenAcked.set(block, chunks);
      return;
    }
    this.#requested.push({ block, chunks });
    this.#fill();
  }

  /** Keeps READ_AHEAD_BLOCKS read or being read. */
  #fill(): void {
    while (!this.#over && this.#ready.length + this.#reading < READ_AHEAD_BLOCKS && this.#mayReadNext) {
      const memory = this.#memory.acquire();
      if (memory === undefined) {
        this.#memory.await(this.#onMemory);
        return;
      }
      const due = this.#requested.shift() ?? { block: this.#sealed.shift()!, chunks: undefined };
      this.#reading++;
      void this.#read(due, memory).catch((error) => this.#observer.onFailed(error));
    }
  }

  get #mayReadNext(): boolean {
    if (this.#requested.length > 0) return true;
    const { next } = this.#sealed;
    // The least of them: the first round trips of two programs that were just started take what these take.
    const { minRttUs = 0 } = this.#port.connection.stats ?? {};
    return next !== undefined && this.#frontier.mayBegin(next, minRttUs, this.#waitedMs);
  }

  async #read({ block, chunks }: DueBlock, memory: Uint8Array): Promise<void> {
    let isReady = false;
    try {
      const read = await this.#storage.call('readBlock', block, memory, chunks);
      if (this.#over) return;
      isReady = this.#announce(block, chunks, read);
      if (isReady) this.#ready.push({ block, memory, byteLength: read.byteLength });
      // What goes out as messages alone is held up by nothing else.
      else await this.#port.writable();
    } finally {
      this.#reading--;
      if (!isReady) this.#memory.release(memory);
    }
    this.#offer();
  }

  /** Tells what was read. @returns whether content follows */
  #announce(block: number, chunks: readonly number[] | undefined, read: BlockRead): boolean {
    if (chunks === undefined) this.#sealed.skipTo(read.nextBlock);
    else this.#sent.onAnswered(block);
    for (const { index, code, message } of read.failures) {
      this.#port.send({ $case: 'entryFailed', value: { index, errorCode: errorCodeToWire(code), message } });
    }
    if (read.holes !== undefined) this.#port.send({ $case: 'holeRun', value: read.holes });
    const { byteLength, digests, uses = new Uint8Array(0), begun } = read;
    if (digests.byteLength === 0) return false;
    if (begun !== undefined) this.#observer.onFileBegun(begun);
    this.#port.send({ $case: 'blockDigests', value: { block, byteLength, digests, uses } });
    if (byteLength === 0) return false;
    this.#sent.onSent(block);
    this.#inFlight.add(block);
    return true;
  }

  #offer(): void {
    while (this.#wanted && this.#ready.length > 0) {
      const { block, memory, byteLength } = this.#ready.shift()!;
      this.#wanted = this.#port.connection.offerBlock(this.#port.transfer, block, memory, byteLength);
    }
    this.#fill();
  }
}
