import type { Direction, DirectionChanges } from '../direction-options.ts';
import type { WanSettings } from '../wan-options.ts';
import type { WanReport } from '../wan-report.ts';

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
