export const NONCE_BYTES = 12;

/** Writes IV xor packet number, right-aligned (PROTOCOL.md §1.3), into `nonce`. */
export function writePacketNonce(nonce: Uint8Array, iv: Uint8Array, packetNumber: number): void {
  const high = (packetNumber / 2 ** 32) | 0;
  const low = packetNumber | 0;
  nonce[0] = iv[0]!;
  nonce[1] = iv[1]!;
  nonce[2] = iv[2]!;
  nonce[3] = iv[3]!;
  nonce[4] = iv[4]! ^ (high >>> 24);
  nonce[5] = iv[5]! ^ (high >>> 16);
  nonce[6] = iv[6]! ^ (high >>> 8);
  nonce[7] = iv[7]! ^ high;
  nonce[8] = iv[8]! ^ (low >>> 24);
  nonce[9] = iv[9]! ^ (low >>> 16);
  nonce[10] = iv[10]! ^ (low >>> 8);
  nonce[11] = iv[11]! ^ low;
}
