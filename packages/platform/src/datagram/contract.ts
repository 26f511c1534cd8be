/**
 * One UDP socket as a lane uses it. Nothing here waits and nothing throws for what the network or a peer does: a send
 * that fails is a lost datagram and an `onError`.
 */
export interface DatagramPath {
  readonly kind: 'portable' | 'native';
  readonly localPort: number;
  /** What the kernel granted; a small one explains loss at the receiver. */
  readonly receiveBufferBytes: number;
  /** Length of the buffers that `reserve` gives: the largest datagram this path sends to anybody. */
  readonly maxDatagramBytes: number;
  /** Largest UDP payload worth trying towards this address; a path MTU search (RFC 8899) says what really passes. */
  maxDatagramBytesFor(address: string): number;
  /**
   * The next free send buffer, `maxDatagramBytes` long; the same one again until it is committed.
   * undefined: the queue is full, or the path is closing; `onDrain` follows when there is room again.
   */
  reserve(): Uint8Array | undefined;
  /** Sends the first `byteLength` bytes of the reserved buffer. Without a reserved buffer: nothing. */
  commit(byteLength: number, to: DatagramAddress): void;
  /** Sends what was committed, for a moment at most, then gives the port back. No callback comes afterwards. */
  close(): Promise<void>;
}

export interface DatagramPathOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** IP address to listen on. Default: all, IPv6 and IPv4 on one socket where the system can, else IPv4. */
  host?: string;
  /**
   * A datagram came in. `datagram` is valid during the call only; `from` is one object per known peer, but may be a new
   * one for the same peer: compare its fields.
   */
  onReceive: (datagram: Uint8Array, from: DatagramAddress) => void;
  /** `reserve` had said undefined and has room again. */
  onDrain: () => void;
  /** For logs and statistics, e.g. ECONNREFUSED, EMSGSIZE, ENETUNREACH. The path goes on. */
  onError: (error: NodeJS.ErrnoException) => void;
}

export interface DatagramAddress {
  /** IP address as text without brackets. IPv4 is plain, never mapped into IPv6; a link-local one keeps its `%zone`. */
  readonly address: string;
  readonly port: number;
}
