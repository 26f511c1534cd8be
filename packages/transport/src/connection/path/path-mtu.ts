import { FLOAT_ZERO, MIN_DATAGRAM_BYTES } from '@jetstream/protocol';

/** RFC 8899 §5.1.2. */
const MAX_PROBES = 3;
const RAISE_INTERVAL_US = 600_000_000;
/** A second black hole within this time puts the search off by as much. */
const COOL_OFF_US = 60_000_000;
/** Differences below this are not worth a probe. */
const SEARCH_STEP_BYTES = 20;
/** UDP payloads of common links: Ethernet over IPv4 and IPv6, tunnels, jumbo frames, loopback. Tried from the top. */
const LIKELY_BYTES = [65_507, 32_768, 16_384, 8_972, 8_952, 4_096, 1_472, 1_452, 1_400, 1_372];
/** Tried before all others: the answer of most paths. */
const LIKELIEST_BYTES = 1_472;
/**
 * Larger ones are tried when so many times as much was delivered: most paths take none of them, and a probe in vain fills its
 * share of the window for a round trip.
 */
const DELIVERED_PER_LARGE_PROBE = 64;
/** Large packets lost, with none arriving since, that make a black hole when they also span a round trip. */
const BLACK_HOLE_PACKETS = 3;

/** Datagram packetization layer path MTU discovery, RFC 8899, in bytes of UDP payload (PM-1). */
export class PathMtu {
  /** What a full datagram has now. */
  datagramBytes: number = MIN_DATAGRAM_BYTES;
  private readonly limitBytes: number;
  /** Smallest size found too large. */
  private failedBytes: number;
  private probeInFlightBytes = 0;
  private failedAttempts = 0;
  private searchFromUs = FLOAT_ZERO;
  /** Size to be tried next, 0 for none, and what must have been delivered before. */
  private candidateBytes = 0;
  private neededBytes = 0;
  /** Packets above 1,200 bytes lost with none of that size, sent later, arriving: how many, and the first of them. */
  private suspectCount = 0;
  private firstSuspectNumber = 0;
  private firstSuspectSentUs = FLOAT_ZERO;
  private largestBigAcked = -1;
  private lastBlackHoleUs = Number.NEGATIVE_INFINITY;

  /** @param limitBytes the smaller of what our path takes and of what the peer takes */
  constructor(limitBytes: number) {
    this.limitBytes = Math.max(MIN_DATAGRAM_BYTES, limitBytes);
    this.failedBytes = this.limitBytes + 1;
    this.chooseCandidate();
  }

  /**
   * When the next probe is due; Infinity while one is in flight, or while too little was delivered for one.
   * @param deliveredBytes on the connection so far
   */
  probeUs(deliveredBytes: number): number {
    const mayProbe = this.probeInFlightBytes === 0 && deliveredBytes >= this.neededBytes;
    return mayProbe ? this.searchFromUs : Number.POSITIVE_INFINITY;
  }

  /** Size of a probe to be sent now, 0 for none. @param deliveredBytes on the connection so far */
  probeBytesDue(nowUs: number, deliveredBytes: number): number {
    if (nowUs < this.probeUs(deliveredBytes)) return 0;
    const bytes = this.candidateBytes;
    if (bytes === 0) {
      // Found. Later the path may take more than now.
      this.searchFromUs = nowUs + RAISE_INTERVAL_US;
      this.failedBytes = this.limitBytes + 1;
      this.failedAttempts = 0;
      this.chooseCandidate();
    }
    return bytes;
  }

  onProbeSent(bytes: number): void {
    this.probeInFlightBytes = bytes;
  }

  /** @returns true when `datagramBytes` has changed */
  onProbeAcked(bytes: number): boolean {
    if (bytes === this.probeInFlightBytes) this.probeInFlightBytes = 0;
    if (bytes <= this.datagramBytes || bytes >= this.failedBytes) return false;
    this.failedAttempts = 0;
    this.datagramBytes = bytes;
    this.chooseCandidate();
    return true;
  }

  onProbeLost(bytes: number): void {
    if (bytes !== this.probeInFlightBytes) return;
    this.probeInFlightBytes = 0;
    this.failedAttempts += 1;
    if (this.failedAttempts < MAX_PROBES) return;
    this.failedAttempts = 0;
    this.failedBytes = bytes;
    this.chooseCandidate();
  }

  /** An ordinary packet arrived. */
  onPacketAcked(packetNumber: number, bytes: number): void {
    if (bytes <= MIN_DATAGRAM_BYTES) return;
    this.largestBigAcked = Math.max(this.largestBigAcked, packetNumber);
    if (packetNumber > this.firstSuspectNumber) this.suspectCount = 0;
  }

  /**
   * An ordinary packet was lost. A full queue drops large packets more than small ones, too, but hardly all of them for a
   * whole round trip.
   * @returns true when that shows a black hole: `datagramBytes` is 1,200 again
   */
  onPacketLost(
    nowUs: number,
    packetNumber: number,
    bytes: number,
    sentUs: number,
    smoothedRttUs: number,
  ): boolean {
    if (bytes <= MIN_DATAGRAM_BYTES || packetNumber < this.largestBigAcked) return false;
    this.suspectCount += 1;
    if (this.suspectCount === 1) {
      this.firstSuspectNumber = packetNumber;
      this.firstSuspectSentUs = sentUs;
    }
    const spanUs = sentUs - this.firstSuspectSentUs;
    if (this.suspectCount < BLACK_HOLE_PACKETS || spanUs < smoothedRttUs) return false;
    if (this.datagramBytes === MIN_DATAGRAM_BYTES) return false;
    const isFirst = nowUs - this.lastBlackHoleUs > COOL_OFF_US;
    this.lastBlackHoleUs = nowUs;
    this.restart(isFirst ? nowUs : nowUs + COOL_OFF_US);
    return true;
  }

  /** Begins again at 1,200 bytes: black hole, or another path. */
  restart(searchFromUs: number): void {
    this.datagramBytes = MIN_DATAGRAM_BYTES;
    this.failedBytes = this.limitBytes + 1;
    this.failedAttempts = 0;
    this.probeInFlightBytes = 0;
    this.suspectCount = 0;
    this.searchFromUs = searchFromUs;
    this.chooseCandidate();
  }

  private chooseCandidate(): void {
    this.candidateBytes = this.nextCandidate();
    const isLarge = this.candidateBytes > LIKELIEST_BYTES;
    this.neededBytes = isLarge ? this.candidateBytes * DELIVERED_PER_LARGE_PROBE : 0;
    // Not even the beginning of a search.
    if (this.limitBytes === MIN_DATAGRAM_BYTES) this.neededBytes = Number.POSITIVE_INFINITY;
  }

  /** 0: nothing worth a probe is left between what works and what failed. */
  private nextCandidate(): number {
    const low = this.datagramBytes;
    const high = this.failedBytes;
    if (low < LIKELIEST_BYTES && LIKELIEST_BYTES < high) return LIKELIEST_BYTES;
    if (low < this.limitBytes && this.limitBytes < high) return this.limitBytes;
    for (const bytes of LIKELY_BYTES) {
      if (low < bytes && bytes < high) return bytes;
    }
    return high - low > 2 * SEARCH_STEP_BYTES ? Math.floor((low + high) / 2) : 0;
  }
}
