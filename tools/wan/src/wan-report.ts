import type { Direction, DirectionChanges, DirectionOptions } from './direction-options.ts';
import type { LatenessReport } from './shaper/lateness.ts';
import type { SeriesReport } from './shaper/traffic-series.ts';

/** What joins the namespaces: our own program between two TUN devices, or the kernel's netem and tbf. */
export type Backend = 'tun' | 'netem';

export interface Count {
  packets: number;
  /** Of whole IP packets. */
  bytes: number;
}

export interface DropCount {
  packets: number;
  /** netem does not tell. */
  bytes?: number;
}

/** What became of the packets of one direction. */
export interface DirectionTraffic {
  offered: Count;
  /** Copies of duplicated packets count too. */
  delivered: Count;
  droppedByQueue: DropCount;
  droppedAtRandom: DropCount;
  /** netem does not tell. */
  duplicatedPackets?: number;
  reorderedPackets?: number;
  /** Ever seen, with the packet that is being sent; `ms` is its time at the rate of that moment. With netem: as seen every 50 ms. */
  deepestQueue: { bytes: number; ms: number };
}

export interface DirectionReport extends DirectionTraffic {
  /** At the end. */
  options: DirectionOptions;
  /** Packets that the emulation itself lost. Above 0, the figures are not those of the WAN asked for. */
  lostByEmulation: number;
  /** How much later than due packets were delivered; netem does not tell. */
  lateness?: LatenessReport;
  series: SeriesReport;
}

export interface WanReport {
  backend: Backend;
  seed: number;
  /** Since the WAN was up. Times of the report count from there. */
  elapsedMs: number;
  /** Of the emulating process; 0 with netem, whose work is the kernel's. */
  cpuSeconds: number;
  changes: { atMs: number; direction: Direction; changes: DirectionChanges }[];
  'a-to-b': DirectionReport;
  'b-to-a': DirectionReport;
}
