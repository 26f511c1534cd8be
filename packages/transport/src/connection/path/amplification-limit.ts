import { FLOAT_ZERO } from '@jetstream/protocol';

/** RFC 9000 §8.1. */
const AMPLIFICATION_FACTOR = 3;

/** To an address that is not proved, at most three times the bytes received from it are sent (MG-1). */
export class AmplificationLimit {
  private receivedBytes = FLOAT_ZERO;
  private sentBytes = 0;

  onReceived(bytes: number): void {
    this.receivedBytes += bytes;
  }

  onSent(bytes: number): void {
    this.sentBytes += bytes;
  }

  /** Bytes that may be sent now. */
  get allowance(): number {
    return AMPLIFICATION_FACTOR * this.receivedBytes - this.sentBytes;
  }
}
