import { JetStreamError } from '@jetstream/protocol';
import type { BlockMemory } from '../block-memory.ts';

const REPEAT = 2 ** 32;

/** What a bulk link tells its ends. */
export interface BulkEnds {
  onBlockReceived(block: number, bytes: Uint8Array): void;
  onBlockAcked(block: number): void;
  /** A rule of the transport was broken. */
  onBroken(error: JetStreamError): void;
}

/** Carries blocks between two ends at once, and holds both to the rules of the transport (BD-1 to BD-4). */
export class BulkLink {
  /** Blocks as they went over: number on the wire and length. */
  readonly sent: { block: number; again: boolean; byteLength: number }[] = [];
  readonly #ends: BulkEnds;
  readonly #begun = new Set<number>();
  readonly #arrived = new Map<number, Uint8Array>();
  readonly #expected = new Map<number, number>();
  readonly #inHand = new Set<number>();
  readonly #done = new Set<number>();
  readonly #refused = new Set<number>();

  constructor(ends: BulkEnds) {
    this.#ends = ends;
  }

  offer(block: number, memory: Uint8Array, byteLength: number, pool: BlockMemory): void {
    const again = this.#begun.has(block);
    const wireBlock = again ? block + REPEAT : block;
    if (this.#begun.has(wireBlock) || byteLength === 0) {
      this.#break(`block ${block} cannot be sent now`);
      return;
    }
    this.#begun.add(wireBlock);
    this.sent.push({ block, again, byteLength });
    this.#arrived.set(wireBlock, memory.slice(0, byteLength));
    if (again && !this.#refused.has(block)) this.#break(`nobody asked for block ${block} once more`);
    setImmediate(() => {
      pool.release(memory);
      this.#ends.onBlockAcked(block);
    });
    this.#handOver(wireBlock);
  }

  expect(block: number, byteLength: number): void {
    const wireBlock = this.#wireBlock(block);
    this.#expected.set(wireBlock, byteLength);
    this.#handOver(wireBlock);
  }

  release(block: number, again: boolean): void {
    const wireBlock = this.#wireBlock(block);
    if (!this.#inHand.delete(wireBlock) || (again && wireBlock >= REPEAT)) {
      this.#break(`block ${block} was not handed over, or was refused before`);
      return;
    }
    this.#done.add(wireBlock);
    if (again) this.#refused.add(block);
  }

  request(block: number): void {
    if (!this.#done.has(block)) return;
    if (this.#refused.has(block)) {
      this.#break(`block ${block} was asked for once more before`);
      return;
    }
    this.#refused.add(block);
  }

  #wireBlock(block: number): number {
    return this.#refused.has(block) ? block + REPEAT : block;
  }

  #handOver(wireBlock: number): void {
    const bytes = this.#arrived.get(wireBlock);
    const byteLength = this.#expected.get(wireBlock);
    if (bytes === undefined || byteLength === undefined) return;
    if (bytes.byteLength !== byteLength) {
      this.#break(`block ${wireBlock} has another length`);
      return;
    }
    this.#arrived.delete(wireBlock);
    this.#expected.delete(wireBlock);
    this.#inHand.add(wireBlock);
    setImmediate(() => this.#ends.onBlockReceived(wireBlock % REPEAT, bytes));
  }

  #break(message: string): void {
    this.#ends.onBroken(new JetStreamError('protocol-violation', message));
  }
}
