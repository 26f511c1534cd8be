import { JetStreamError } from '@jetstream/protocol';
import { ffi } from '../ffi.ts';

/** V8 keeps small buffers on its own heap and moves them; one of this size has an address for life. */
const SMALLEST_BYTES = 4096;

/**
 * One large piece of memory that native calls read and write, known to them by address. The address holds for as long
 * as the arena is referenced. Pages that are never touched cost nothing.
 */
export class NativeArena {
  readonly bytes: Uint8Array;
  readonly address: number;

  /** @throws JetStreamError `not-found` where native functions cannot be called */
  constructor(byteLength: number) {
    const native = ffi();
    if (!native) throw new JetStreamError('not-found', 'native functions cannot be called here');
    this.bytes = new Uint8Array(new ArrayBuffer(Math.max(SMALLEST_BYTES, byteLength)));
    this.address = Number(native.koffi.address(this.bytes));
  }
}
