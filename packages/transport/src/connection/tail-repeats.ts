/** Share of the bulk bytes sent that repeats may cost, and what they may cost in any case. */
const REPEATED_SHARE = 1 / 256;
const MIN_REPEATED_BYTES = 64 * 1024;
/** A repeat follows after this part of a round trip, within bounds, so that one burst of loss does not take both. */
const SPACING_ROUND_TRIPS = 1 / 8;
const MIN_SPACING_US = 1_000;
const MAX_SPACING_US = 25_000;
const CAPACITY = 1024;

/**
 * Packets to be repeated once. What is sent again when nothing new is left to send decides when a transfer ends, and each time
 * that it is lost once more costs a round trip: so it goes twice. The room for it is there, as the sender would be idle.
 */
export class TailRepeats {
  private readonly numbers = new Float64Array(CAPACITY);
  private readonly dueUs = new Float64Array(CAPACITY);
  private first = 0;
  private next = 0;
  private repeatedBytes = 0;

  /** When the next packet is to be repeated; Infinity for none. */
  get wakeUs(): number {
    return this.first < this.next ? this.dueUs[this.first % CAPACITY]! : Number.POSITIVE_INFINITY;
  }

  /**
   * Packet `number`, which carries bulk data for the second time, was sent and nothing else is left to send.
   * @param bulkBytesSent bulk bytes sent for the first time, on which the budget depends
   */
  onResent(nowUs: number, number: number, bytes: number, smoothedRttUs: number, bulkBytesSent: number): void {
    if (this.next - this.first === CAPACITY) return;
    if (this.repeatedBytes + bytes > MIN_REPEATED_BYTES + REPEATED_SHARE * bulkBytesSent) return;
    const spacingUs = Math.min(Math.max(smoothedRttUs * SPACING_ROUND_TRIPS, MIN_SPACING_US), MAX_SPACING_US);
    this.repeatedBytes += bytes;
    this.numbers[this.next % CAPACITY] = number;
    this.dueUs[this.next % CAPACITY] = nowUs + spacingUs;
    this.next += 1;
  }

  /** A packet that is due, which is forgotten with this; -1 for none. */
  takeDue(nowUs: number): number {
    if (this.wakeUs > nowUs) return -1;
    const number = this.numbers[this.first % CAPACITY]!;
    this.first += 1;
    return number;
  }
}
