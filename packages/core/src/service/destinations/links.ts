import type { ReceivingOptions, Transfer } from '../../contract.ts';
import type { DestinationRecord } from './record.ts';

/** The ways to all destinations: one for each that has work. */
export interface DestinationLinks {
  /** All that are open to one destination share its connection. Does not connect yet. To be closed by whoever opened it. */
  open(destination: DestinationRecord): DestinationLink;
  /** This server shuts down: what is sent ends with `server-closing`, and the far side takes it for interrupted. */
  close(): Promise<void>;
}

export type DestinationLinkState = 'disconnected' | 'negotiating' | 'connected';

/** A hold on the way to one destination. It is connected when there is something to send, and for a while after that. */
export interface DestinationLink {
  readonly state: DestinationLinkState;
  /**
   * Begins to send a manifest, and connects for that if need be. Never throws: a transfer that cannot begin, because nobody can be
   * reached for instance, rejects `done` with JetStreamError, whose `retryable` says whether to try again.
   */
  upload(options: LinkUploadOptions): Transfer;
  /** Holds for all that is sent to the destination, from now on. @param kilobitsPerSecond null: none */
  setSendRateMax(kilobitsPerSecond: number | null): void;
  /** Gives the hold back. Its transfers go on: cancel them before. */
  close(): void;
}

/** A transfer of a manifest that is complete, whose files are read by the rights of its owner. */
export interface LinkUploadOptions extends ReceivingOptions {
  /** 16 bytes in hex: by it the receiver knows the transfer when it comes again. */
  transferId: string;
  manifestId: string;
  /** Prefix of every target path beneath the receiver's root. */
  destinationPath: string;
  verify?: boolean;
  preserve?: boolean;
}
