import {
  AEAD_TAG_BYTES,
  type AeadAlgorithm,
  type PacketAead,
  readInt32,
  writeUint32,
} from '@jetstream/protocol';
import type { Address } from '../memory-address.ts';
import type { NativeMemory } from '../native-memory.ts';
import { type Evp, SCRATCH } from './evp.ts';
import { EvpPacketAead } from './evp-packet-aead.ts';
import { checkPacketRange } from './key-material.ts';
import { NONCE_BYTES } from './packet-nonce.ts';

/** The associated data of a TLS 1.2 record; a packet's header is as long. */
const RECORD_HEADER_BYTES = 13;
/** The part of the nonce that stands before the content of a record, where a packet has the end of its header. */
const EXPLICIT_NONCE_BYTES = 8;
/** OpenSSL takes the last two bytes of the header for a length, and these from it before it authenticates the header. */
const SEAL_TAKES = EXPLICIT_NONCE_BYTES;
const OPEN_TAKES = EXPLICIT_NONCE_BYTES + AEAD_TAG_BYTES;

const OSSL_PARAM_BYTES = 40;
const OSSL_PARAM_OCTET_STRING = 5;
/** In the memory of each: nonce, then lists of parameters that end where the name is missing. */
const NONCE_AT = 0;
/** Whole nonce, header. */
const SEAL_PARAMETERS_AT = 16;
/** Header alone, for the nonce stands before what is to be opened. */
const OPEN_PARAMETERS_AT = SEAL_PARAMETERS_AT + OSSL_PARAM_BYTES;
const NONCE_PARAMETERS_AT = OPEN_PARAMETERS_AT + 2 * OSSL_PARAM_BYTES;
const MEMORY_BYTES = NONCE_PARAMETERS_AT + 2 * OSSL_PARAM_BYTES;
const NONCE_WORD = NONCE_AT >> 2;
const HEADER_POINTER_WORD = (OPEN_PARAMETERS_AT + 16) >> 2;

/**
 * AES-GCM packet protection through what OpenSSL has for TLS 1.2 records ("tlsivfixed" and "tlsaad" of
 * EVP_EncryptInit(3)): two calls for a packet instead of five. The bytes are the same. Packets whose header is not 13
 * bytes long or ends in 0xffe8 and above take the five calls.
 */
export class GcmRecordAead implements PacketAead {
  private readonly inSteps: EvpPacketAead;
  private readonly evp: Evp;
  // Functions that hold their addresses: a number above 2^31 that is a field is put on the heap anew each time it is given away.
  /** Gives OpenSSL nonce and header, then has it seal the record at `recordAt`. @returns whether it did */
  private readonly sealRecord: (recordAt: Address, recordBytes: number) => boolean;
  /** Gives OpenSSL the header. */
  private readonly takeHeader: () => boolean;
  private readonly openRecord: (recordAt: Address, recordBytes: number) => boolean;
  private readonly memory: NativeMemory;
  /** The parts of the IV that a packet number changes. */
  private readonly ivHigh: number;
  private readonly ivLow: number;

  /** @throws Error where OpenSSL has nothing of the kind */
  constructor(evp: Evp, algorithm: AeadAlgorithm, key: Uint8Array, iv: Uint8Array) {
    const { setParameters, encryptUpdate, decryptUpdate, outLengthAt } = evp;
    if (setParameters === undefined) throw new Error('OpenSSL before 3.0');
    this.evp = evp;
    this.inSteps = new EvpPacketAead(evp, algorithm, key, iv);
    this.ivHigh = readInt32(iv, NONCE_BYTES - 8);
    this.ivLow = readInt32(iv, NONCE_BYTES - 4);
    this.memory = evp.newMemory(MEMORY_BYTES);
    this.memory.bytes.set(iv, NONCE_AT);
    this.describeParameters();
    const { sealing, opening } = this.inSteps;
    const sealParametersAt = this.memory.address + SEAL_PARAMETERS_AT;
    const openParametersAt = this.memory.address + OPEN_PARAMETERS_AT;
    this.sealRecord = (at, byteLength) =>
      setParameters(sealing, sealParametersAt) === 1 &&
      encryptUpdate(sealing, at, outLengthAt, at, byteLength) === 1;
    this.takeHeader = () => setParameters(opening, openParametersAt) === 1;
    this.openRecord = (at, byteLength) => decryptUpdate(opening, at, outLengthAt, at, byteLength) === 1;
    // The opening side keeps the first bytes of the IV, which are the same in every nonce.
    if (setParameters(opening, this.memory.address + NONCE_PARAMETERS_AT) === 1) return;
    this.dispose();
    evp.clearErrors();
    throw new Error('OpenSSL has no records');
  }

  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    const { inSteps, evp, memory } = this;
    inSteps.checkUsable();
    checkPacketRange(headerStart, start, end, buffer.length - AEAD_TAG_BYTES);
    if (!isRecord(buffer, headerStart, start)) {
      return inSteps.seal(packetNumber, buffer, headerStart, start, end);
    }
    const middle = readInt32(buffer, start - 8);
    const last = readInt32(buffer, start - 4);
    const recordAt = evp.addressOf(buffer) + start - EXPLICIT_NONCE_BYTES;
    const recordBytes = EXPLICIT_NONCE_BYTES + end - start + AEAD_TAG_BYTES;
    memory.words[NONCE_WORD + 1] = swapBytes(this.ivHigh ^ (packetNumber / 2 ** 32));
    memory.words[NONCE_WORD + 2] = swapBytes(this.ivLow ^ packetNumber);
    writeUint32(buffer, start - 4, last + SEAL_TAKES);
    this.pointToHeader(recordAt - (RECORD_HEADER_BYTES - EXPLICIT_NONCE_BYTES));
    const sealed = this.sealRecord(recordAt, recordBytes);
    writeUint32(buffer, start - 8, middle);
    writeUint32(buffer, start - 4, last);
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
    if (!isRecord(buffer, headerStart, start)) {
      return inSteps.open(packetNumber, buffer, headerStart, start, end);
    }
    const middle = readInt32(buffer, start - 8);
    const last = readInt32(buffer, start - 4);
    const recordAt = evp.addressOf(buffer) + start - EXPLICIT_NONCE_BYTES;
    const recordBytes = EXPLICIT_NONCE_BYTES + end - start;
    writeUint32(buffer, start - 4, last + OPEN_TAKES);
    this.pointToHeader(recordAt - (RECORD_HEADER_BYTES - EXPLICIT_NONCE_BYTES));
    const ready = this.takeHeader();
    writeUint32(buffer, start - 8, this.ivHigh ^ (packetNumber / 2 ** 32));
    writeUint32(buffer, start - 4, this.ivLow ^ packetNumber);
    const opened = ready && this.openRecord(recordAt, recordBytes);
    writeUint32(buffer, start - 8, middle);
    writeUint32(buffer, start - 4, last);
    if (opened) return plainEnd;
    evp.clearErrors();
    return -1;
  }

  dispose(): void {
    this.inSteps.dispose();
  }

  /** OpenSSL copies the header from there when it is given the parameters. */
  private pointToHeader(address: number): void {
    const { words } = this.memory;
    words[HEADER_POINTER_WORD] = address;
    words[HEADER_POINTER_WORD + 1] = address / 2 ** 32;
  }

  private describeParameters(): void {
    const { memory, evp } = this;
    const describe = (at: number, nameAt: number): void => {
      memory.writeUint64(at, evp.scratch.address + nameAt);
      memory.writeUint64(at + 8, OSSL_PARAM_OCTET_STRING);
    };
    for (const at of [SEAL_PARAMETERS_AT, NONCE_PARAMETERS_AT]) {
      describe(at, SCRATCH.nonceName);
      memory.writePointer(at + 16, NONCE_AT);
      // A length of -1 means the whole nonce, and that nothing of it is random.
      memory.words.fill(0xffffffff, (at + 24) >> 2, (at + 32) >> 2);
    }
    describe(OPEN_PARAMETERS_AT, SCRATCH.headerName);
    memory.writeUint64(OPEN_PARAMETERS_AT + 24, RECORD_HEADER_BYTES);
  }
}

/** Is the header as long as that of a record, and does nothing overflow when OpenSSL's toll is added to its last two bytes? */
function isRecord(buffer: Uint8Array, headerStart: number, start: number): boolean {
  if (start - headerStart !== RECORD_HEADER_BYTES) return false;
  return buffer[start - 2]! < 0xff || buffer[start - 1]! <= 0xff - OPEN_TAKES;
}

function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
