import { asFileFailure } from './errno.ts';
import type { Directory, FileStatus } from './file-system.ts';

export interface Time {
  readonly mtimeSeconds: number;
  /** 0…999,999,999, counted upwards also before 1970. */
  readonly mtimeNanoseconds: number;
}

/** Steps in which file systems hold times, nanoseconds: 100 ns NTFS, 1 µs some network ones, 10 ms exFAT, 1 s ext3, 2 s FAT. */
const KNOWN_STEPS = [1, 100, 1_000, 10_000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000];
const COARSEST_SECONDS = 2;
/** Its second is odd and its nanoseconds are as high as they can be: each step leaves another time of it. */
const PROBE: Time = { mtimeSeconds: 1_000_000_001, mtimeNanoseconds: 999_999_999 };

/**
 * Tells whether a file has the time that it would have after a copy. A file system holds times in steps of its own and cuts off the rest; which
 * ones these are is looked at once for each, with a file made for that, and only when there is a file that it matters for: one
 * whose time is a little earlier than it should be. So where times are held to the nanosecond, a nanosecond makes a difference.
 */
export class HeldTimes {
  readonly #probeName: string;
  /** By device; 1 where it could not be found out: then a time that was cut off counts as another. */
  readonly #steps = new Map<number, number>();

  /** @param probeName of a file that is made for a moment */
  constructor(probeName: string) {
    this.#probeName = probeName;
  }

  /**
   * @param directory of the file
   * @throws JetStreamError `too-many-open-files`
   */
  isAsCopied(standing: FileStatus, source: Time, directory: Directory): boolean {
    if (isSame(standing, source)) return true;
    const secondsLost = source.mtimeSeconds - standing.mtimeSeconds;
    if (secondsLost < 0 || secondsLost >= COARSEST_SECONDS) return false;
    return isSame(standing, cutOff(source, this.#stepOf(directory)));
  }

  #stepOf(directory: Directory): number {
    const { device } = directory;
    let step = this.#steps.get(device);
    if (step === undefined) {
      step = this.#probe(directory);
      this.#steps.set(device, step);
    }
    return step;
  }

  #probe(directory: Directory): number {
    try {
      const file = directory.createFile(this.#probeName, this.#probeName);
      try {
        file.setModificationTime(PROBE.mtimeSeconds, PROBE.mtimeNanoseconds);
        const held = file.status();
        return KNOWN_STEPS.find((step) => isSame(held, cutOff(PROBE, step))) ?? 1;
      } finally {
        file.close();
        directory.remove(this.#probeName);
      }
    } catch (error) {
      if (asFileFailure(error).code === 'too-many-open-files') throw error;
      return 1;
    }
  }
}

/** Whether a file system of any kind could hold both as the same. */
export function mayBeHeldAsSame(one: Time, other: Time): boolean {
  return Math.abs(one.mtimeSeconds - other.mtimeSeconds) <= COARSEST_SECONDS;
}

export function isSame(one: Time, other: Time): boolean {
  return one.mtimeSeconds === other.mtimeSeconds && one.mtimeNanoseconds === other.mtimeNanoseconds;
}

function cutOff({ mtimeSeconds, mtimeNanoseconds }: Time, step: number): Time {
  if (step < 1e9) return { mtimeSeconds, mtimeNanoseconds: mtimeNanoseconds - (mtimeNanoseconds % step) };
  const stepSeconds = step / 1e9;
  return { mtimeSeconds: Math.floor(mtimeSeconds / stepSeconds) * stepSeconds, mtimeNanoseconds: 0 };
}
