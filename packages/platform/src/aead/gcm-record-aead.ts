import { AEAD_TAG_BYTES, type AeadAlgorithm, type PacketAead } from '@jetstream/protocol';
import { type Evp, SCRATCH } from './evp.ts';
import { EvpPacketAead } from './evp-packet-aead.ts';
import { checkPacketRange } from './key-material.ts';
import { NONCE_BYTES, writePacketNonce } from './packet-nonce.ts';

/** The associated data of a TLS 1.2 record; a packet's header is as long. */
const RECORD_HEADER_BYTES = 13;
/** The part of the nonce that OpenSSL writes, or wants, before the content of a record. */
const EXPLICIT_NONCE_BYTES = 8;
const EXPLICIT_NONCE_AT = NONCE_BYTES - EXPLICIT_NONCE_BYTES;
/** OpenSSL takes the last two bytes of the header for a length, and these from it before it authenticates the header. */
const SEAL_TAKES = EXPLICIT_NONCE_BYTES;
const OPEN_TAKES = EXPLICIT_NONCE_BYTES + AEAD_TAG_BYTES;
const LAST_TWO_AT = RECORD_HEADER_BYTES - 2;
/** Of longer ones, keeping a copy costs more than the calls that it saves. */
const MAX_CONTENT_BYTES = 4096;

const OSSL_PARAM_BYTES = 40;
const OSSL_PARAM_OCTET_STRING = 5;
const NONCE_NAME_AT = SCRATCH.names;
const HEADER_NAME_AT = SCRATCH.names + 32;
/** Lists that end where the name is missing: whole nonce, header; header, for the nonce stands before what is to be opened; nonce. */
const SEAL_PARAMETERS_AT = SCRATCH.parameters;
const OPEN_PARAMETERS_AT = SCRATCH.parameters + OSSL_PARAM_BYTES;
const NONCE_PARAMETERS_AT = SCRATCH.parameters + 3 * OSSL_PARAM_BYTES;

/**
 * AES-GCM packet protection through what OpenSSL has for TLS 1.2 records ("tlsivfixed" and "tlsaad" of
 * EVP_EncryptInit(3)): two calls for a packet instead of five. The bytes are the same. Packets whose header is not 13
 * bytes long or ends in 0xffe8 and above, and long ones, take the five calls.
 */
export class GcmRecordAead implements PacketAead {
  private readonly inSteps: EvpPacketAead;
  private readonly evp: Evp;
  private readonly iv: Uint8Array;
  private readonly setParameters: NonNullable<Evp['setParameters']>;
  private readonly nonce: Uint8Array;
  private readonly header: Uint8Array;

  /** @throws Error where OpenSSL has nothing of the kind */
  constructor(evp: Evp, algorithm: AeadAlgorithm, key: Uint8Array, iv: Uint8Array) {
    if (evp.setParameters === undefined) throw new Error('OpenSSL before 3.0');
    this.evp = evp;
    this.iv = Uint8Array.from(iv);
    this.setParameters = evp.setParameters;
    const { bytes } = evp.scratch;
    this.nonce = bytes.subarray(SCRATCH.nonce, SCRATCH.nonce + NONCE_BYTES);
    this.header = bytes.subarray(SCRATCH.associatedData, SCRATCH.associatedData + RECORD_HEADER_BYTES);
    writeParameters(evp);
    this.inSteps = new EvpPacketAead(evp, algorithm, key, iv);
    // The first four bytes of each nonce, for opening; they are those of the IV.
    this.nonce.set(iv);
    if (evp.setParameters(this.inSteps.opening, evp.scratch.address + NONCE_PARAMETERS_AT) === 1) return;
    this.dispose();
    evp.clearErrors();
    throw new Error('OpenSSL has no records');
  }

  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    const { inSteps, evp } = this;
    inSteps.checkUsable();
    checkPacketRange(headerStart, start, end, buffer.length - AEAD_TAG_BYTES);
    if (!this.takeHeader(buffer, headerStart, start, end, SEAL_TAKES)) {
      return inSteps.seal(packetNumber, buffer, headerStart, start, end);
    }
    const { address } = evp.scratch;
    const recordAt = evp.addressOf(buffer.buffer) + buffer.byteOffset + start - EXPLICIT_NONCE_BYTES;
    const recordBytes = EXPLICIT_NONCE_BYTES + end - start + AEAD_TAG_BYTES;
    writePacketNonce(this.nonce, this.iv, packetNumber);
    const sealed =
      this.setParameters(inSteps.sealing, address + SEAL_PARAMETERS_AT) === 1 &&
      evp.encryptUpdate(inSteps.sealing, recordAt, address + SCRATCH.outLength, recordAt, recordBytes) === 1;
    this.giveHeaderBack(buffer, start, SEAL_TAKES);
    if (sealed) return end + AEAD_TAG_BYTES;
    evp.clearErrors();
    throw new Error('OpenSSL could not seal a packet');
  }

  open(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    const { inSteps, evp } = this;
    inSteps.checkUsable();
    checkPacketRange(headerStart, start, end, buffer.length);
    const plainEnd = end - AEAD_TAG_BYTES;
    if (plainEnd < start) return -1;
    if (!this.takeHeader(buffer, headerStart, start, end, OPEN_TAKES)) {
      return inSteps.open(packetNumber, buffer, headerStart, start, end);
    }
    const { address } = evp.scratch;
    const contentAt = evp.addressOf(buffer.buffer) + buffer.byteOffset + start;
    const recordAt = contentAt - EXPLICIT_NONCE_BYTES;
    const copyAt = address + SCRATCH.ciphertext;
    writePacketNonce(this.nonce, this.iv, packetNumber);
    for (let index = 0; index < EXPLICIT_NONCE_BYTES; index++) {
      buffer[start - EXPLICIT_NONCE_BYTES + index] = this.nonce[EXPLICIT_NONCE_AT + index]!;
    }
    // OpenSSL wipes what it could not authenticate.
    evp.memcpy(copyAt, contentAt, plainEnd - start);
    const opened =
      this.setParameters(inSteps.opening, address + OPEN_PARAMETERS_AT) === 1 &&
      evp.decryptUpdate(
        inSteps.opening,
        recordAt,
        address + SCRATCH.outLength,
        recordAt,
        EXPLICIT_NONCE_BYTES + end - start,
      ) === 1;
    this.giveHeaderBack(buffer, start, OPEN_TAKES);
    if (opened) return plainEnd;
    evp.memcpy(contentAt, copyAt, plainEnd - start);
    evp.clearErrors();
    return -1;
  }

  dispose(): void {
    this.inSteps.dispose();
  }

  /**
   * Copies the header to where OpenSSL is told it is, with `taken` added to the number in its last two bytes.
   * @returns false for a packet that cannot be a record
   */
  private takeHeader(
    buffer: Uint8Array,
    headerStart: number,
    start: number,
    end: number,
    taken: number,
  ): boolean {
    if (start - headerStart !== RECORD_HEADER_BYTES || end - start > MAX_CONTENT_BYTES) return false;
    const { header } = this;
    const lastTwo = buffer[start - 2]! * 256 + buffer[start - 1]! + taken;
    if (lastTwo > 0xffff) return false;
    for (let index = 0; index < LAST_TWO_AT; index++) header[index] = buffer[headerStart + index]!;
    header[LAST_TWO_AT] = lastTwo >> 8;
    header[LAST_TWO_AT + 1] = lastTwo;
    return true;
  }

  /** The explicit nonce stood where the end of the header was. */
  private giveHeaderBack(buffer: Uint8Array, start: number, taken: number): void {
    const { header } = this;
    const lastTwo = header[LAST_TWO_AT]! * 256 + header[LAST_TWO_AT + 1]! - taken;
    for (let index = RECORD_HEADER_BYTES - EXPLICIT_NONCE_BYTES; index < LAST_TWO_AT; index++) {
      buffer[start - RECORD_HEADER_BYTES + index] = header[index]!;
    }
    buffer[start - 2] = lastTwo >> 8;
    buffer[start - 1] = lastTwo;
  }
}

function writeParameters({ scratch }: Evp): void {
  scratch.bytes.set(Buffer.from('tlsivfixed\0'), NONCE_NAME_AT);
  scratch.bytes.set(Buffer.from('tlsaad\0'), HEADER_NAME_AT);
  scratch.bytes.fill(0, SCRATCH.parameters, SCRATCH.names);
  const write = (at: number, nameAt: number, dataAt: number): void => {
    scratch.writePointer(at, nameAt);
    scratch.writeUint64(at + 8, OSSL_PARAM_OCTET_STRING);
    scratch.writePointer(at + 16, dataAt);
  };
  for (const at of [SEAL_PARAMETERS_AT, NONCE_PARAMETERS_AT]) {
    write(at, NONCE_NAME_AT, SCRATCH.nonce);
    // A length of -1 means the whole nonce, and that nothing of it is random.
    scratch.words.fill(0xffffffff, (at + 24) >> 2, (at + 32) >> 2);
  }
  write(OPEN_PARAMETERS_AT, HEADER_NAME_AT, SCRATCH.associatedData);
  scratch.writeUint64(OPEN_PARAMETERS_AT + 24, RECORD_HEADER_BYTES);
}
