import type { JetStreamError } from '@jetstream/protocol';
import { RateMeter } from '../../content/rate-meter.ts';
import type { ServiceClock } from '../clock.ts';
import type { ReceiveRecord } from './record.ts';

/** What a reception tells its registry. */
export interface ReceptionHost {
  clock: ServiceClock;
  /** Counts and times have changed. */
  onProgress(reception: Reception): void;
  /** All is durable and about to be told. Resolves when that is recorded. */
  onDurable(reception: Reception): Promise<void>;
  /** Nothing comes any more. @param error undefined: all went well */
  onEnded(reception: Reception, error: JetStreamError | undefined): void;
}

/** One transfer that is being received now, over one connection. */
export class Reception {
  record: ReceiveRecord;
  /** It is recorded as ended, or was when it began: nothing is told of it any more. */
  isOver = false;
  readonly #host: ReceptionHost;
  readonly #baseWallUs: number;
  readonly #baseUs: number;
  readonly #meter = new RateMeter();

  /** @param baseWallUs time of its beginning; none of its times lies before */
  constructor(record: ReceiveRecord, baseWallUs: number, host: ReceptionHost) {
    this.record = record;
    this.#host = host;
    this.#baseWallUs = baseWallUs;
    this.#baseUs = host.clock.monotonicUs();
  }

  /** The wall clock was read once, and may be set meanwhile. */
  nowUs(): number {
    return Math.round(this.#baseWallUs + this.seconds() * 1e6);
  }

  seconds(): number {
    return Math.max(0, this.#host.clock.monotonicUs() - this.#baseUs) / 1e6;
  }

  /** Of content, over the last seconds, kbit/s. */
  recentRate(): number {
    return this.#meter.update(this.seconds() * 1e3, this.record.bytesReceived) / 1e3;
  }

  onTotals(totalFiles: number, totalBytes: number): void {
    this.change({ totalFiles, totalSize: totalBytes });
  }

  onFiles(done: number, failed: number): void {
    const { filesDone, filesFailed } = this.record;
    this.change({ filesDone: filesDone + done, filesFailed: filesFailed + failed });
  }

  onProgress(bytesReceived: number): void {
    const now = this.nowUs();
    const cameIn = bytesReceived > this.record.bytesReceived;
    this.change({ bytesReceived, lastSendTime: now, ...(cameIn && { lastRecvTime: now }) });
    this.recentRate();
    this.#host.onProgress(this);
  }

  async onDurable(): Promise<void> {
    await this.#host.onDurable(this);
  }

  end(error: JetStreamError | undefined): void {
    this.#host.onEnded(this, error);
  }

  change(changes: Partial<ReceiveRecord>): void {
    this.record = { ...this.record, ...changes };
  }
}
