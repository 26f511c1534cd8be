export const NONCE_BYTES = 12;

/** Writes IV xor packet number, right-aligned (PROTOCOL.md §1.3), into `nonce`. */
export function writePacketNonce(nonce: Uint8Array, iv: Uint8Array, packetNumber: number): void {
  nonce.set(iv);
  let rest = packetNumber;
  for (let index = NONCE_BYTES - 1; rest > 0; index--) {
    nonce[index]! ^= rest % 256;
    rest = Math.floor(rest / 256);
  }
}
