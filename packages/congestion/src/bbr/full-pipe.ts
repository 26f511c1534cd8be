import type { AckSample } from '../controller.ts';
import { FULL_BW_GROWTH, FULL_BW_ROUNDS } from './parameters.ts';
import type { BbrState } from './state.ts';

/**
 * Has sending faster stopped to deliver faster? (draft §5.3.1.2) Used to leave Startup and ProbeBW_UP.
 * @param queueDeep a queue of half a BDP stands at the bottleneck. In Startup a round without growth that shows one counts for three:
 *   nothing but the bottleneck makes both, and each round waited for would be spent in a queue of a whole BDP.
 */
export function checkFullBwReached(state: BbrState, sample: AckSample, queueDeep: boolean): void {
  if (state.fullBwNow || !state.round.started || state.sampleLimited) return;
  if (sample.deliveryRate >= state.fullBw * FULL_BW_GROWTH) {
    resetFullBw(state, sample.deliveryRate);
    return;
  }
  state.fullBwCount = queueDeep && state.phase === 'startup' ? FULL_BW_ROUNDS : state.fullBwCount + 1;
  state.fullBwNow = state.fullBwCount >= FULL_BW_ROUNDS;
  if (state.fullBwNow) state.fullBwReached = true;
}

/** @param baseline the rate that growth is measured from, bytes per second */
export function resetFullBw(state: BbrState, baseline: number): void {
  state.fullBw = baseline;
  state.fullBwCount = 0;
  state.fullBwNow = false;
}
