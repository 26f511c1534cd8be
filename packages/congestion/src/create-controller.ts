import { Bbr } from './bbr/bbr.ts';
import type { CongestionController, ControllerOptions } from './controller.ts';
import { Cubic } from './cubic.ts';
import { Ledbat } from './ledbat/ledbat.ts';

export type ControllerName = 'bbr' | 'cubic' | 'ledbat';

/** Datagrams that may be sent before the first ACK. RFC 6928's ten are from 2013; paced, 32 harm nobody. */
export const INITIAL_WINDOW_DATAGRAMS = 32;

/** @param datagramBytes UDP payload of a full packet */
export function initialWindowBytes(datagramBytes: number): number {
  return INITIAL_WINDOW_DATAGRAMS * datagramBytes;
}

export function createController(name: ControllerName, options: ControllerOptions): CongestionController {
  switch (name) {
    case 'bbr':
      return new Bbr(options);
    case 'cubic':
      return new Cubic(options);
    case 'ledbat':
      return new Ledbat(options);
  }
}
