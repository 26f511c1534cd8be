import { ARRIVAL_MODULUS_US } from '@jetstream/protocol';

/** A time of the receiver's clock, or a difference of two, as that clock counts it: from 0 to `ARRIVAL_MODULUS_US`. */
export function onArrivalClock(us: number): number {
  const counted = us % ARRIVAL_MODULUS_US;
  return counted < 0 ? counted + ARRIVAL_MODULUS_US : counted;
}
