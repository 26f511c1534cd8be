import type { PathSeries } from '../figures/wan-figures.ts';
import type { Running } from '../processes/running.ts';

const INTERVAL_MS = 100;

/** Looks at both ends while a copy runs, and at the loopback that they share, if they do. */
export class Watch {
  readonly #ends: readonly Running[];
  readonly #timer: NodeJS.Timeout;
  /** Bytes that went over the loopback by each look. */
  readonly #loopbackBytes: number[] = [];

  constructor(ends: readonly Running[]) {
    this.#ends = ends;
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS);
    this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#look();
  }

  /** What went over the loopback, of both directions. */
  get loopbackBytes(): number {
    return (this.#loopbackBytes.at(-1) ?? 0) - (this.#loopbackBytes[0] ?? 0);
  }

  /** Rates on the loopback, of both directions. */
  loopbackSeries(): PathSeries {
    const deliveredMbitPerSecond = this.#loopbackBytes
      .slice(1)
      .map((bytes, index) => ((bytes - this.#loopbackBytes[index]!) * 8) / INTERVAL_MS / 1000);
    return { stepMs: INTERVAL_MS, deliveredMbitPerSecond };
  }

  #look(): void {
    for (const end of this.#ends) end.look();
    // Of the receiver, if there is one: it is in its namespace by now, and is there at the end.
    const bytes = loopbackBytes(this.#ends.at(-1)!.networkStatistics());
    if (bytes !== undefined) this.#loopbackBytes.push(bytes);
  }
}

/** @param statistics what proc_pid_net(5) describes as `dev`: after the name of each device, bytes received come first */
export function loopbackBytes(statistics: string): number | undefined {
  const bytes = /^\s*lo:\s*(\d+)/m.exec(statistics)?.[1];
  return bytes === undefined ? undefined : Number(bytes);
}
