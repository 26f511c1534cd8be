/**
 * Copies `source[start, end)` to `target` from index `at` on; the two do not overlap.
 * @throws RangeError when that reaches outside of either
 */
export type CopyBytes = (
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
) => void;

/**
 * The way that works everywhere. `@jetstream/platform` has one that allocates nothing, and that is several times as fast
 * where one of the two is shared memory: JavaScript engines copy that in single bytes unless both happen to be aligned.
 */
export const copyBytes: CopyBytes = (source, start, end, target, at) => {
  if (!(start >= 0 && start <= end && end <= source.length)) {
    throw new RangeError(`no bytes ${start} to ${end} in ${source.length}`);
  }
  target.set(source.subarray(start, end), at);
};
