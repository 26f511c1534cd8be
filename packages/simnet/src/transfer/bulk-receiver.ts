import type { Connection, ConnectionEvent } from '@jetstream/transport';
import { SeededRandom } from '../random.ts';
import { StepSchedule } from '../step-schedule.ts';
import type { BulkContent } from './bulk-content.ts';
import type { TransferMessage } from './transfer-message.ts';
import { DEFAULT_RECEIVE_BLOCKS, TRANSFER, type TransferOptions, TransferParty } from './transfer-party.ts';

/** Has something done at a virtual time; see `Simulation.at`. */
export type Schedule = (timeUs: number, act: (nowUs: number) => void) => void;

/** Takes all content, compares every byte, and says so to the sender when it has everything. */
export class BulkReceiver extends TransferParty {
  /** When the last block was there and right. */
  completedUs: number | undefined;
  /** Content bytes received and found right. */
  verifiedBytes = 0;
  readonly #content: BulkContent;
  readonly #options: TransferOptions;
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #disk: StepSchedule;
  readonly #have: Uint8Array;
  readonly #refused = new Set<number>();
  #diskFreeUs = 0;

  constructor(content: BulkContent, options: TransferOptions, schedule: Schedule) {
    super(options);
    this.#content = content;
    this.#options = options;
    this.#schedule = schedule;
    this.#random = new SeededRandom(options.seed).derive('bad blocks');
    this.#disk = new StepSchedule(options.consumeBytesPerSecond ?? Number.POSITIVE_INFINITY);
    this.#have = new Uint8Array(content.blocks);
  }

  protected begin(_nowUs: number, connection: Connection): void {
    connection.openBulkReceiver(TRANSFER, this.#options.maxReceiveBlocks ?? DEFAULT_RECEIVE_BLOCKS);
  }

  proceed(): void {}

  protected onMessage(_nowUs: number, message: TransferMessage): void {
    if (message.type !== 'block') throw new Error(`message ${message.type} at the receiver`);
    this.connection!.expectBlock(TRANSFER, message.block, message.byteLength);
  }

  protected onBulkEvent(nowUs: number, event: ConnectionEvent): void {
    if (event.type !== 'block-received') throw new Error(`event ${event.type} at the receiver`);
    const { block } = event;
    if (this.#have[block] !== 0) throw new Error(`block ${block} came twice, or was never sent`);
    if (!this.#content.agrees(block, event.bytes)) {
      throw new Error(`block ${block} has wrong content`);
    }
    this.#have[block] = 1;
    const startUs = Math.max(this.#diskFreeUs, nowUs);
    this.#diskFreeUs = this.#disk.serviceEndUs(startUs, this.#content.blockBytes(block));
    if (this.#diskFreeUs === nowUs) this.#release(nowUs, block);
    else this.#schedule(this.#diskFreeUs, (atUs) => this.#release(atUs, block));
  }

  #release(nowUs: number, block: number): void {
    if (this.closed !== undefined) return;
    const bad = !this.#refused.has(block) && this.#random.chance(this.#options.badBlockShare ?? 0);
    this.connection!.releaseBlock(TRANSFER, block, bad);
    if (bad) {
      this.#refused.add(block);
      this.#have[block] = 0;
      this.write({ type: 'again', block });
      return;
    }
    this.verifiedBytes += this.#content.blockBytes(block);
    if (this.verifiedBytes === this.#content.totalBytes) {
      this.completedUs = nowUs;
      this.write({ type: 'complete' });
    }
  }
}
