import {
  AEAD_TAG_BYTES,
  MIN_DATAGRAM_BYTES,
  PATH_DATA_BYTES,
  PATH_FRAME_BYTES,
  PROTECTED_HEADER_BYTES,
} from '@jetstream/protocol';
import type { PathAddress } from '../../contract.ts';
import { AmplificationLimit } from './amplification-limit.ts';

const MAX_CHALLENGES = 3;
/**
 * Three probe timeouts of a path of which nothing is known (RFC 9000 §8.2.4, RFC 9002 §6.2.2): the new path may be far slower
 * than the one left behind, and an address given up too early is challenged anew with other bytes, without end.
 */
const LEAST_PATIENCE_US = 3_000_000;
const SMALLEST_CHALLENGE_BYTES = PROTECTED_HEADER_BYTES + PATH_FRAME_BYTES + AEAD_TAG_BYTES;

/** An address from which the peer was heard and that is not proved yet. */
interface Candidate {
  readonly address: PathAddress;
  readonly challenge: Uint8Array;
  readonly limit: AmplificationLimit;
  challengesSent: number;
  /** When a challenge is due, if there is room for one. */
  nextChallengeUs: number;
  giveUpUs: number;
}

/**
 * Migration of the peer (MG-1, RFC 9000 §9): everything goes on to the proved address until a challenge sent to the new
 * one was answered from there, so that a forged or copied packet cannot draw traffic away.
 */
export class PathValidation {
  /** Where packets go. */
  active: PathAddress;
  /** An object of the caller's that was found to be the active address: seen again, it need not be compared. */
  private alias: PathAddress | undefined;
  private candidate: Candidate | undefined;
  private readonly randomBytes: (length: number) => Uint8Array;

  constructor(active: PathAddress, randomBytes: (length: number) => Uint8Array) {
    this.active = active;
    this.randomBytes = randomBytes;
  }

  /** Is it where packets go? */
  isActive(address: PathAddress): boolean {
    if (address === this.alias) return true;
    if (!isSameAddress(address, this.active)) return false;
    this.alias = address;
    return true;
  }

  /** A packet opened. @param isNewest it has the highest number so far */
  onPacket(nowUs: number, from: PathAddress, datagramBytes: number, isNewest: boolean): void {
    if (this.isActive(from)) {
      if (isNewest) this.candidate = undefined;
      return;
    }
    if (this.candidate === undefined || !isSameAddress(from, this.candidate.address)) {
      if (!isNewest) return;
      this.candidate = {
        address: { address: from.address, port: from.port },
        challenge: this.randomBytes(PATH_DATA_BYTES),
        limit: new AmplificationLimit(),
        challengesSent: 0,
        nextChallengeUs: nowUs,
        giveUpUs: nowUs + LEAST_PATIENCE_US,
      };
    }
    this.candidate.limit.onReceived(datagramBytes);
  }

  /** When a challenge is due, or the candidate is to be given up; Infinity for never. */
  get wakeUs(): number {
    return this.candidate === undefined ? Number.POSITIVE_INFINITY : this.candidate.nextChallengeUs;
  }

  /**
   * A challenge that is due now: bytes of its datagram, at most 1,200; 0 for none. `challengeAddress` and `challengeData`
   * go into it, then `onChallengeSent` is called.
   */
  challengeBytesDue(nowUs: number): number {
    const { candidate } = this;
    if (candidate === undefined || nowUs < candidate.nextChallengeUs) return 0;
    if (nowUs >= candidate.giveUpUs) {
      this.candidate = undefined;
      return 0;
    }
    const bytes = Math.min(MIN_DATAGRAM_BYTES, candidate.limit.allowance);
    if (candidate.challengesSent < MAX_CHALLENGES && bytes >= SMALLEST_CHALLENGE_BYTES) return bytes;
    candidate.nextChallengeUs = candidate.giveUpUs;
    return 0;
  }

  get challengeAddress(): PathAddress {
    return this.candidate!.address;
  }

  get challengeData(): Uint8Array {
    return this.candidate!.challenge;
  }

  onChallengeSent(nowUs: number, datagramBytes: number, probeTimeoutUs: number): void {
    const candidate = this.candidate!;
    candidate.limit.onSent(datagramBytes);
    candidate.nextChallengeUs = nowUs + probeTimeoutUs * 2 ** candidate.challengesSent;
    candidate.giveUpUs = Math.max(candidate.giveUpUs, candidate.nextChallengeUs);
    candidate.challengesSent += 1;
  }

  /**
   * PATH_RESPONSE with the 8 bytes at `buffer[start]` came from `from`.
   * @returns the address left behind when `active` has changed, otherwise undefined
   */
  onResponse(from: PathAddress, buffer: Uint8Array, start: number): PathAddress | undefined {
    const { candidate } = this;
    if (candidate === undefined || !isSameAddress(from, candidate.address)) return undefined;
    for (let i = 0; i < PATH_DATA_BYTES; i++) {
      if (buffer[start + i] !== candidate.challenge[i]) return undefined;
    }
    const left = this.active;
    this.active = candidate.address;
    this.alias = undefined;
    this.candidate = undefined;
    return left;
  }
}

export function isSameAddress(a: PathAddress, b: PathAddress): boolean {
  return a.port === b.port && a.address === b.address;
}
