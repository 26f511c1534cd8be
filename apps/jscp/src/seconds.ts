import { usageError } from './usage-error.ts';

export interface SecondsRange {
  /** Default: anything above 0. */
  least?: number;
  most: number;
  /** "none" may be written as well, which the caller has seen to. Default false. */
  orNone?: boolean;
}

/** @throws JetStreamError `invalid-argument`, naming the option */
export function parseSeconds(option: string, text: string, { least, most, orNone }: SecondsRange): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds >= (least ?? 0) && seconds <= most) return seconds;
  const range = least === undefined ? `seconds above 0 and up to ${most}` : `${least} to ${most} seconds`;
  throw usageError(`${option} ${text}: give ${range}${orNone ? ', or none' : ''}`);
}
