/** Wire version 1 of PROTOCOL.md. */
export const PROTOCOL_VERSION = 0x4a530001;
export const CONNECTION_ID_BYTES = 8;
/** Smallest datagram an Initial may come in, and the path MTU every path is taken to carry (RFC 9000 §14). */
export const MIN_DATAGRAM_BYTES = 1200;
/** Fixed header of a protected packet: flags, destination connection id, packet number. */
export const PROTECTED_HEADER_BYTES = 1 + CONNECTION_ID_BYTES + 4;
/** Bytes of a block, the unit of credit, digests and disk access (PROTOCOL.md §2.2). */
export const BLOCK_BYTES = 2 ** 20;
export const BLOCK_BITS = 20;
/** Bytes of a transfer's address space; as many again above it are for blocks sent once more (BD-4). */
export const ADDRESS_SPACE_BYTES: number = 2 ** 52;
/** Chunks (parts of one file) in a block; a block with that many is full whatever its bytes (PROTOCOL.md §2.2, BD-3). */
export const MAX_BLOCK_CHUNKS = 4096;
/** A BLAKE3 digest. */
export const DIGEST_BYTES = 32;
/** Longest path or name in a message, in bytes of UTF-8. */
export const MAX_PATH_BYTES = 4096;
export const MAX_MESSAGE_BYTES = 256 * 1024;
export const MAX_ACK_RANGES = 64;
export const MAX_OPEN_TRANSFERS = 64;
/** Largest UDP payload we ever build or accept. */
export const MAX_DATAGRAM_BYTES = 65_507;
/** Slowest rate, bytes per second, that a rate policy may name; no sender paces below it. */
export const MIN_RATE_BYTES_PER_SECOND = 1_000;
/** Fastest (8 Tbit/s): keeps a nonsense rate from becoming no pacing at all. */
export const MAX_RATE_BYTES_PER_SECOND = 1e12;
