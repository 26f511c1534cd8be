import { checkInvariants, checkNumbers } from '@jetstream/congestion';
import { TransportConnection } from '../connection/connection.ts';
import type { Connection } from '../contract.ts';

/**
 * For simulations, after every event: all that a connection's congestion control knows (controller, pacer, RTT, delivery rate,
 * and the samples that the controller was last given) is finite and not negative. Says nothing before the handshake is done.
 * @throws Error naming the field
 */
export function checkCongestionState(connection: Connection): void {
  if (!(connection instanceof TransportConnection)) return;
  const recovery = connection.session?.parts.recovery;
  if (recovery === undefined) return;
  checkInvariants(recovery.controller, recovery.datagramBytes);
  checkNumbers(recovery.pacer, 'pacer');
  checkNumbers(recovery.rtt, 'rtt');
  checkNumbers(recovery.rate, 'rate');
  checkNumbers(recovery.loss.ackSample, 'ackSample');
  checkNumbers(recovery.loss.lossSample, 'lossSample');
}
