/** Bytes per second; Infinity for no limit. */
export interface RatePair {
  incoming: number;
  outgoing: number;
}

/** A direction that lends keeps this part of its limit, so that traffic which appears can show itself. */
const KEPT = 1 / 16;

/**
 * What each direction may use while one borrows what the other leaves idle. Both together never have more than both limits, and a
 * direction never less than what it can use of its own. Without a limit nothing is lent, and nothing needed.
 * @param demands bytes per second that each direction can use; Infinity: all that it is given
 */
export function withLoans(
  limits: RatePair,
  demands: RatePair,
  borrows: { incoming: boolean; outgoing: boolean },
): RatePair {
  const isLimited = Number.isFinite(limits.incoming + limits.outgoing);
  const ofIncoming = isLimited && borrows.incoming ? idle(limits.incoming, demands.incoming) : 0;
  const ofOutgoing = isLimited && borrows.outgoing ? idle(limits.outgoing, demands.outgoing) : 0;
  // What is not needed is not taken: the lender would wait a moment to have it back.
  const lentToOutgoing = demands.outgoing > limits.outgoing ? ofIncoming : 0;
  const lentToIncoming = demands.incoming > limits.incoming ? ofOutgoing : 0;
  return {
    incoming: limits.incoming - lentToOutgoing + lentToIncoming,
    outgoing: limits.outgoing - lentToIncoming + lentToOutgoing,
  };
}

function idle(limit: number, demand: number): number {
  return Math.max(0, limit - Math.max(demand, limit * KEPT));
}
