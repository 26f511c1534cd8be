/**
 * What becomes of a file that stands at a target. `partfile`: the new one is made beside it and takes its place when it is whole.
 * `in-place`: it is written into. `never`: such a file of the transfer fails with `already-exists`. `same-size`: only where the
 * standing file has the same size or none. `backup`: the old one is kept as `NAME.jetbak`.
 */
export type OverwriteMode =
  | 'in-place-never'
  | 'in-place-always'
  | 'in-place-same-size'
  | 'partfile-never'
  | 'partfile-always'
  | 'partfile-backup';

export function isInPlace(mode: OverwriteMode): boolean {
  return mode.startsWith('in-place');
}

/** When a standing file counts as equal, so that nothing is sent: same size and mtime; same size and digest; never. */
export type SkipRule = 'by-status' | 'by-digest' | 'nothing';
