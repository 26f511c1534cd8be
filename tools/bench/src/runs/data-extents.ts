import { fstatSync } from 'node:fs';
import koffi from 'koffi';

/** Of lseek(2), on Linux. */
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

export interface Extent {
  readonly from: number;
  readonly to: number;
}

/** Where a file has data; all between is holes. What the file system does not tell counts as data. */
export function dataExtents(file: number): Extent[] {
  const { size } = fstatSync(file);
  const lseek = koffi.load(null).func('int64_t lseek(int, int64_t, int)') as (
    ...parameters: number[]
  ) => number;
  const extents: Extent[] = [];
  for (let to = 0; to < size; ) {
    const from = lseek(file, to, SEEK_DATA);
    if (from < 0) break; // ENXIO: nothing but a hole is left
    to = lseek(file, from, SEEK_HOLE);
    extents.push({ from, to });
  }
  return extents;
}
