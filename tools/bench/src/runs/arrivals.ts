import type { Wan } from '@jetstream/wan';
import { headerBytes } from '../contenders/jetstream.ts';

export interface Arrived {
  /** Of content, as far as packets were full. */
  bytes: number;
  /** Of them, at the end. */
  lastBytes: number;
  /** Until more had arrived than is sent before there is a plan. */
  contentAfterSeconds: number;
  /** Above 0 the emulation was too slow. */
  lostByEmulation: number;
}

/** PROTOCOL.md PL-1 lets two blocks of 1 MiB go before that; with their headers. */
const UNPLANNED_BYTES = 2.25 * 2 ** 20;

/** What comes out of the path from a to b in a span of time. */
export class Arrivals {
  readonly #wan: Wan;
  readonly #contentBytes: number;
  readonly #fromMs: number;
  readonly #before: { bytes: number; packets: number };

  private constructor(
    wan: Wan,
    contentBytes: number,
    fromMs: number,
    before: { bytes: number; packets: number },
  ) {
    this.#wan = wan;
    this.#contentBytes = contentBytes;
    this.#fromMs = fromMs;
    this.#before = before;
  }

  /** @param contentBytes of the file: its packets' headers depend on it */
  static async begin(wan: Wan, contentBytes: number): Promise<Arrivals> {
    const report = await wan.report();
    return new Arrivals(wan, contentBytes, report.elapsedMs, report['a-to-b'].delivered);
  }

  async end(lastSeconds: number): Promise<Arrived> {
    const report = await this.#wan.report();
    const { delivered, series, lostByEmulation } = report['a-to-b'];
    const packets = delivered.packets - this.#before.packets;
    const ipBytes = delivered.bytes - this.#before.bytes;
    const contentShare = Math.max(0, 1 - (packets * headerBytes(this.#contentBytes)) / ipBytes);
    const bucketOf = (ms: number): number => Math.floor(ms / series.bucketMs);
    const steps = series.deliveredBytes.slice(bucketOf(this.#fromMs));
    let begun = 0;
    for (let sum = 0; begun < steps.length; begun += 1) {
      sum += steps[begun]!;
      if (sum > UNPLANNED_BYTES) break;
    }
    const last = steps.slice(-bucketOf(lastSeconds * 1000)).reduce((total, bytes) => total + bytes, 0);
    return {
      bytes: ipBytes * contentShare,
      lastBytes: last * contentShare,
      contentAfterSeconds: (begun * series.bucketMs) / 1000,
      lostByEmulation,
    };
  }
}
