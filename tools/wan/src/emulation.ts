import type { Direction, DirectionChanges } from './direction-options.ts';
import type { WanReport } from './wan-report.ts';

/** What stands between the namespaces. Two kinds: `tun` and `netem`. */
export interface Emulation {
  change(direction: Direction, changes: DirectionChanges): Promise<void>;
  report(): Promise<WanReport>;
  /** Tells why, when the emulation ends without being closed. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/** The device of either end, in its namespace. */
export const DEVICE_NAME = 'wan0';
export const MTU_BYTES = 1500;
