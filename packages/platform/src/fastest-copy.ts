import { type CopyBytes, copyBytes } from '@jetstream/protocol';
import { ffi } from './ffi.ts';
import { addressFinder } from './memory-address.ts';

let best: CopyBytes | undefined;

/** The fastest way of this machine to copy a packet's worth of bytes: memcpy(3), or that of JavaScript. */
export function fastestCopy(): CopyBytes {
  best ??= nativeCopy() ?? copyBytes;
  return best;
}

function nativeCopy(): CopyBytes | undefined {
  const native = ffi();
  if (native === undefined) return undefined;
  const memcpy = native.process.func('void memcpy(uintptr_t, uintptr_t, size_t)');
  const sourceAddress = addressFinder(native);
  const targetAddress = addressFinder(native);
  return (source, start, end, target, at) => {
    const length = end - start;
    if (!(start >= 0 && length >= 0 && end <= source.length && at >= 0 && at + length <= target.length)) {
      throw new RangeError(
        `no bytes ${start} to ${end} in ${source.length}, or no room at ${at} in ${target.length}`,
      );
    }
    memcpy(targetAddress(target) + at, sourceAddress(source) + start, length);
  };
}
