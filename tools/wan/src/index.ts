export { npmGone } from './command/npm-gone.ts';
export {
  DEFAULT_DIRECTION,
  type Direction,
  type DirectionChanges,
  type DirectionOptions,
} from './direction-options.ts';
export { findLack, type Lack, LackError } from './namespaces/requirements.ts';
export { type Loopback, openLoopback } from './open-loopback.ts';
export { openWan, type Wan, type WanEnd } from './open-wan.ts';
export type { WanOptions } from './wan-options.ts';
export type * from './wan-report.ts';
