import type { EndpointSettings, EstablishedKeys } from '../handshake-driver.ts';
import type { EventQueue } from './event-queue.ts';
import type { PacketCounters } from './packet-counters.ts';
import type { PathResponder } from './path/path-responder.ts';
import type { PathValidation } from './path/path-validation.ts';
import type { PendingWork } from './pending-work.ts';
import type { ReceivedPackets } from './received-packets.ts';
import type { Recovery } from './recovery.ts';
import type { SendLimiter } from './send-limiter.ts';
import type { TransferTable } from './transfer-table.ts';

/** The parts of an established connection, as its packet builder and packet processor share them. */
export interface SessionParts {
  readonly role: 'client' | 'server';
  readonly settings: EndpointSettings;
  readonly keys: EstablishedKeys;
  readonly recovery: Recovery;
  readonly received: ReceivedPackets;
  readonly transfers: TransferTable;
  readonly validation: PathValidation;
  readonly responder: PathResponder;
  readonly work: PendingWork;
  readonly counters: PacketCounters;
  readonly limiter: SendLimiter;
  readonly events: EventQueue;
}
