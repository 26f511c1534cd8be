import type { Direction, DirectionChanges } from '../direction-options.ts';
import type { WanSettings } from '../wan-options.ts';
import type { DirectionReport, WanReport } from '../wan-report.ts';

/** How an emulator is started: its one parameter, as JSON. */
export interface EmulatorOptions extends WanSettings {
  /** The device of each end, and the network namespace that it is to be made in. */
  deviceName: string;
  namespaces: { a: string; b: string };
}

/** A line on the emulator's standard input, as JSON. The end of the input ends the emulator. */
export type EmulatorRequest =
  | { do: 'change'; direction: Direction; changes: DirectionChanges }
  | { do: 'report' };

/** A line on its standard output, as JSON: `ready` once, then an answer to each request in turn. */
export type EmulatorAnswer =
  | { answer: 'ready' }
  | { answer: 'changed' }
  | { answer: 'report'; report: WanReport };

/** What the thread of one direction is given. */
export interface CarrierOptions extends WanSettings {
  direction: Direction;
  /** Of the two devices, and of the event that wakes it. */
  descriptors: { from: number; to: number; wakeUp: number };
}

/** A message to it. `start` comes first. */
export type CarrierRequest =
  | { do: 'start'; upSinceNs: bigint }
  | { do: 'change'; changes: DirectionChanges }
  | { do: 'report' }
  | { do: 'end' };

/** One when it is ready to start, then one for each request but `end`. */
export interface CarrierAnswer {
  /** When the request was carried out, since the WAN was up. */
  atMs: number;
  report?: DirectionReport;
}
