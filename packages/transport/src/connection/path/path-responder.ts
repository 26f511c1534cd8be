import { PATH_DATA_BYTES } from '@jetstream/protocol';

/** The answer owed to the newest PATH_CHALLENGE (RFC 9000 §8.2.2). */
export class PathResponder {
  readonly data = new Uint8Array(PATH_DATA_BYTES);
  /** Number of the challenge that `data` is from. */
  serial = 0;
  private due = false;

  /** PATH_CHALLENGE with the 8 bytes at `buffer[start]`. */
  onChallenge(buffer: Uint8Array, start: number): void {
    this.data.set(buffer.subarray(start, start + PATH_DATA_BYTES));
    this.serial = (this.serial + 1) >>> 0;
    this.due = true;
  }

  get isDue(): boolean {
    return this.due;
  }

  onSent(): void {
    this.due = false;
  }

  /** The response to challenge `serial` was lost; only the newest still matters (FR-5). */
  onLost(serial: number): void {
    if (serial === this.serial) this.due = true;
  }
}
