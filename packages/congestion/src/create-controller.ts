import { Bbr } from './bbr/bbr.ts';
import type { CongestionController, ControllerOptions } from './controller.ts';
import { Cubic } from './cubic.ts';

export type ControllerName = 'bbr' | 'cubic';

/** Datagrams that may be sent before the first ACK. RFC 6928's ten are from 2013; paced, 32 harm nobody. */
export const INITIAL_WINDOW_DATAGRAMS = 32;

/** @param datagramBytes UDP payload of a full packet */
export function initialWindowBytes(datagramBytes: number): number {
  return INITIAL_WINDOW_DATAGRAMS * datagramBytes;
}

export function createController(name: ControllerName, options: ControllerOptions): CongestionController {
  return name === 'bbr' ? new Bbr(options) : new Cubic(options);
}
