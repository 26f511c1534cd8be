import { type EndpointSettings, INITIAL_BLOCK_CREDIT } from '../handshake-driver.ts';
import type { ConnectionBudget } from './bulk/block-budget.ts';
import { BulkReceiver } from './bulk/bulk-receiver.ts';
import { BulkSender } from './bulk/bulk-sender.ts';
import { ReceiveStream } from './streams/receive-stream.ts';
import { SendStream } from './streams/send-stream.ts';

type BulkSettings = Pick<EndpointSettings, 'blockPool' | 'copyBytes'>;

/** One transfer's stream, both ways, and its bulk data; number 0 is the connection's control stream and has no bulk data. */
export class TransferState {
  readonly id: number;
  readonly sendStream: SendStream;
  readonly receiveStream: ReceiveStream;
  bulkSender: BulkSender | undefined;
  bulkReceiver: BulkReceiver | undefined;
  /** Blocks that the peer lets us begin, kept here as its BLOCK_CREDIT may come before the bulk sender is opened. */
  private blockCredit: number;
  private readonly budget: ConnectionBudget;

  constructor(
    id: number,
    sendCreditBytes: number,
    sendCreditBlocks: number,
    receiveCreditBytes: number,
    budget: ConnectionBudget,
  ) {
    this.budget = budget;
    this.id = id;
    this.blockCredit = sendCreditBlocks;
    this.sendStream = new SendStream(id, sendCreditBytes);
    this.receiveStream = new ReceiveStream(id, receiveCreditBytes);
  }

  openBulkSender({ copyBytes }: BulkSettings): BulkSender {
    this.bulkSender ??= new BulkSender(this.id, this.blockCredit, copyBytes);
    return this.bulkSender;
  }

  raiseBlockCredit(blocks: number, releasedBlocks: number): void {
    this.blockCredit = Math.max(this.blockCredit, blocks);
    this.bulkSender?.raiseCredit(this.blockCredit, releasedBlocks);
  }

  /** The bulk receiver, made when the first DATA or the application asks for it, whichever is earlier. */
  ensureBulkReceiver({ blockPool, copyBytes }: BulkSettings): BulkReceiver {
    this.bulkReceiver ??= new BulkReceiver(blockPool, INITIAL_BLOCK_CREDIT, this.budget, copyBytes);
    return this.bulkReceiver;
  }
}
