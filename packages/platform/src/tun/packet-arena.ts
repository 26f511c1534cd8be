import { JetStreamError } from '@jetstream/protocol';
import { ffi } from '../ffi.ts';
import { NativeMemory } from '../native-memory.ts';

/**
 * Memory for packets that TUN devices read and write. Pages of it that are never touched cost nothing.
 * @throws JetStreamError `not-found` where native functions cannot be called
 */
export function packetArena(byteLength: number): NativeMemory {
  const native = ffi();
  if (!native) throw new JetStreamError('not-found', 'native functions cannot be called here');
  return new NativeMemory(native, byteLength);
}
