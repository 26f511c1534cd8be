import type { AckSample } from '../controller.ts';
import { handleInflightTooHigh } from './long-term-model.ts';
import type { BbrState } from './state.ts';
import { noteLoss } from './undo.ts';

/** A CE mark counts as loss that shows congestion (draft §3.7: it must count, how is open). Ends Startup and a probe. */
export function respondToCe(state: BbrState, sample: AckSample): void {
  if (sample.ecnCeCount <= 0) return;
  noteLoss(state);
  if (state.phase === 'startup') state.fullBwReached = true;
  else if (state.isBwProbeSample)
    handleInflightTooHigh(state, sample.transmitBytesInFlight, state.sampleLimited);
}
