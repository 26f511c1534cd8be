import { EventEmitter } from 'node:events';
import type { FileOutcome, TransferProgress } from '../contract.ts';

interface TransferEventMap {
  progress: [TransferProgress];
  file: [FileOutcome];
  note: [string];
}

/** Who listens to a transfer, and how they are told. */
export abstract class TransferEvents {
  readonly #emitter = new EventEmitter<TransferEventMap>();

  on<Event extends keyof TransferEventMap>(
    event: Event,
    listener: (...told: TransferEventMap[Event]) => void,
  ): this {
    (this.#emitter as EventEmitter).on(event, listener);
    return this;
  }

  protected emit<Event extends keyof TransferEventMap>(event: Event, ...told: TransferEventMap[Event]): void {
    (this.#emitter as EventEmitter).emit(event, ...told);
  }
}
