import { JetStreamError } from '@jetstream/protocol';
import type { ServerOptions } from '../../contract.ts';
import type { QueueLimits } from './transfer-queue.ts';

/** Half of the transfers that a server runs: for as many that come in there is always room. */
const MOST = 32;

/** @throws JetStreamError `invalid-argument` */
export function queueLimits({
  maxTransfers = 16,
  maxTransfersPerDestination = 8,
}: Pick<ServerOptions, 'maxTransfers' | 'maxTransfersPerDestination'>): QueueLimits {
  for (const [name, limit] of Object.entries({ maxTransfers, maxTransfersPerDestination })) {
    if (Number.isInteger(limit) && limit >= 1 && limit <= MOST) continue;
    throw new JetStreamError('invalid-argument', `${name} is 1 to ${MOST}, not ${limit}`, { subject: name });
  }
  return { maxTransfers, maxTransfersPerDestination };
}
