import { JetStreamError } from '@jetstream/protocol';
import type { TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import type { WriterStep } from '../storage/writer-step.ts';
import { BLOCKS_BEFORE_PLANS } from './plan-frontier.ts';
import { planMessages } from './plan-messages.ts';
import { PlannedWork } from './planned-work.ts';

/** What is on the disk is looked at in slices of about this much, so that blocks get their turn in between. */
const BYTES_PER_PLAN = 16 * 2 ** 20;
/** What may come of blocks that are not planned yet; more is a peer that does not wait. */
const MAX_UNPLANNED_MESSAGES = 16;

/** Runs one step of the writer and deals with what it says; then with the rest of it, after its results were told. Never rejects. */
export type RunStep = <Step extends WriterStep>(
  work: () => Promise<Step>,
  then?: (step: Step) => unknown,
) => Promise<void>;

/** Has the writer decide what is to be sent, tells the sender, and lets what came before that wait. */
export class Planner {
  readonly #port: TransferPort;
  readonly #storage: StorageHost;
  readonly #run: RunStep;
  readonly #onNote: (note: string) => void;
  readonly #work = new PlannedWork();
  #plannedBlocks = 0;
  #planning: 'no' | 'yes' | 'again' = 'no';
  #manifestEnded = false;
  #over = false;

  /** @param onNote for the log */
  constructor(port: TransferPort, storage: StorageHost, run: RunStep, onNote: (note: string) => void) {
    this.#port = port;
    this.#storage = storage;
    this.#run = run;
    this.#onNote = onNote;
  }

  /** Blocks below may be sent. */
  get plannedBlocks(): number {
    return this.#plannedBlocks;
  }

  get isPlanning(): boolean {
    return this.#planning !== 'no';
  }

  /** The writer has all entries. */
  endManifest(): void {
    this.#manifestEnded = true;
  }

  /** There may be more to plan: goes on until all that is here is planned. */
  plan(): void {
    if (this.#planning === 'no') void this.#planAll();
    else this.#planning = 'again';
  }

  /** Does what is due for content that came, when its block is planned. */
  whenPlanned(block: number, work: () => Promise<void>): void {
    void this.#work.when(block, work);
  }

  /**
   * Deals with a message when its block is planned. In the meantime other messages are dealt with: the plan may depend on them.
   * @param block default: the last that may come before plans
   * @throws JetStreamError `protocol-violation` when too many wait
   */
  dealWhenPlanned(
    work: () => Promise<void>,
    block: number = BLOCKS_BEFORE_PLANS - 1,
  ): Promise<void> | undefined {
    if (this.#work.waiting >= MAX_UNPLANNED_MESSAGES)
      throw new JetStreamError('protocol-violation', 'the sender does not wait for the plan');
    return this.#work.when(block, work);
  }

  /** Nothing is planned any more, and nothing waits. */
  stop(): void {
    this.#over = true;
    this.#work.release(Number.POSITIVE_INFINITY);
  }

  async #planAll(): Promise<void> {
    this.#planning = 'yes';
    for (let more = true; more && !this.#over; ) {
      await this.#run(
        () => this.#storage.call('plan', BYTES_PER_PLAN),
        ({ plans, plannedBlocks, notes, more: isMore }) => {
          more = isMore || this.#planning === 'again';
          this.#planning = 'yes';
          notes.forEach(this.#onNote);
          if (plans.length > 0 || plannedBlocks > this.#plannedBlocks) {
            for (const body of planMessages(plans, plannedBlocks, this.#plannedBlocks)) this.#port.send(body);
          }
          this.#plannedBlocks = plannedBlocks;
          this.#work.release(this.#manifestEnded && !more ? Number.POSITIVE_INFINITY : plannedBlocks);
        },
      );
    }
    this.#planning = 'no';
  }
}
