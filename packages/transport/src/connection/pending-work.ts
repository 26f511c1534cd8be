/**
 * What may be waiting to be sent. Whoever makes something sendable sets a flag; the packet builder, which looks closer,
 * clears it. So a packet costs no search through all transfers.
 */
export class PendingWork {
  /** A PING is wanted. */
  ping = false;
  /** STREAM_CREDIT or BLOCK_CREDIT of some transfer. */
  credits = false;
  streams = false;
  bulk = false;
  /** A block was wholly sent: the application may be asked for another. */
  blocks = false;
}
