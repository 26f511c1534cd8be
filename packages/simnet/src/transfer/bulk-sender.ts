import { BLOCK_BYTES } from '@jetstream/protocol';
import type { Connection, ConnectionEvent } from '@jetstream/transport';
import type { BulkContent } from './bulk-content.ts';
import type { Schedule } from './bulk-receiver.ts';
import type { TransferMessage } from './transfer-message.ts';
import { TRANSFER, type TransferOptions, TransferParty } from './transfer-party.ts';

/** Sends all content, block by block, and closes the connection when the receiver says that it has everything. */
export class BulkSender extends TransferParty {
  readonly #content: BulkContent;
  readonly #options: TransferOptions;
  /** Blocks asked for once more, and those offered and not acknowledged. */
  readonly #again: number[] = [];
  readonly #pending = new Set<number>();
  readonly #schedule: Schedule;
  /** When the disk has read the next block. */
  #diskFreeUs = 0;
  #next = 0;
  #wanted = false;
  #complete = false;

  constructor(content: BulkContent, options: TransferOptions, schedule: Schedule) {
    super(options);
    this.#schedule = schedule;
    this.#content = content;
    this.#options = options;
  }

  protected begin(nowUs: number, connection: Connection): void {
    const { ratePolicy } = this.#options;
    if (ratePolicy !== undefined) connection.setRatePolicy(nowUs, ratePolicy);
    connection.openBulkSender(TRANSFER);
  }

  proceed(nowUs: number): void {
    const { connection } = this;
    if (connection === undefined || this.closed !== undefined || nowUs < (this.#options.startUs ?? 0)) return;
    while (this.#wanted && this.streamWritable && this.#isRead(nowUs)) {
      const block = this.#takeAgain() ?? this.#takeNext();
      if (block === undefined) break;
      this.write({ type: 'block', block, byteLength: this.#content.blockBytes(block) });
      this.#pending.add(block);
      this.#wanted = connection.offerBlock(TRANSFER, block, this.#content.block(block));
    }
    if (this.#complete && this.#pending.size === 0) {
      connection.closeTransfer(TRANSFER);
      connection.close(nowUs, 'none', 'transfer complete');
      this.#complete = false;
    }
  }

  /** A block asked for once more, whose first sending is wholly acknowledged: its memory may be offered again. */
  #takeAgain(): number | undefined {
    const at = this.#again.findIndex((block) => !this.#pending.has(block));
    return at < 0 ? undefined : this.#again.splice(at, 1)[0];
  }

  /** Has the disk read the next block? If not, `proceed` comes again when it has. */
  #isRead(nowUs: number): boolean {
    const rate = this.#options.produceBytesPerSecond ?? Number.POSITIVE_INFINITY;
    if (rate === Number.POSITIVE_INFINITY) return true;
    if (nowUs < this.#diskFreeUs) return false;
    this.#diskFreeUs = nowUs + (BLOCK_BYTES / rate) * 1e6;
    this.#schedule(this.#diskFreeUs, () => {});
    return true;
  }

  #takeNext(): number | undefined {
    return this.#next < this.#content.blocks ? this.#next++ : undefined;
  }

  protected onMessage(_nowUs: number, message: TransferMessage): void {
    if (message.type === 'again') this.#again.push(message.block);
    else if (message.type === 'complete') this.#complete = true;
    else throw new Error('the receiver offers a block');
  }

  protected onBulkEvent(_nowUs: number, event: ConnectionEvent): void {
    if (event.type === 'block-wanted') this.#wanted = true;
    else if (event.type !== 'block-acked') throw new Error(`event ${event.type} at the sender`);
    else if (!this.#pending.delete(event.block))
      throw new Error(`block ${event.block} acked but not offered`);
  }
}
