import { TransportConnection } from '../connection/connection.ts';
import type { Connection } from '../contract.ts';

/** What a connection holds now that grows with what happens to it. */
export interface ConnectionMemory {
  /** Slots of the ring of sent packets, and of the ring of what they carried. */
  sentPackets: number;
  sentContent: number;
}

/** Fills `memory`; leaves it alone before the handshake is done. */
export function readMemory(connection: Connection, memory: ConnectionMemory): void {
  if (!(connection instanceof TransportConnection) || connection.session === undefined) return;
  const { sent } = connection.session.parts.recovery;
  memory.sentPackets = sent.capacity;
  memory.sentContent = sent.content.capacity;
}
