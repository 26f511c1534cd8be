import { describe, expect, it } from 'vitest';
import { HeldTimes, type Time } from './held-time.ts';
import { bothMachines } from './testing/both-machines.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';

const SOURCE: Time = { mtimeSeconds: 1_700_000_001, mtimeNanoseconds: 123_456_789 };

/** Whether a file counts as equal whose time is the source's, less so many nanoseconds. */
function verdicts(timeStepNs: number, earlierNs: readonly number[]): boolean[] {
  const machine = new FakeMachine({ timeStepNs: 1 });
  const surroundings = fakeSurroundings(machine);
  const directory = machine.start().openDirectory([]);
  const times = new HeldTimes('.probe');
  return earlierNs.map((earlier, at) => {
    machine.volume.options.timeStepNs = 1;
    const ns =
      BigInt(SOURCE.mtimeSeconds) * 1_000_000_000n + BigInt(SOURCE.mtimeNanoseconds) - BigInt(earlier);
    surroundings.write(`/${at}`, '');
    surroundings.setTime(`/${at}`, Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n));
    machine.volume.options.timeStepNs = timeStepNs;
    const isEqual = times.isAsCopied(directory.status(String(at))!, SOURCE, directory);
    expect(surroundings.names()).not.toContain('.probe');
    return isEqual;
  });
}

describe('the time of a file', () => {
  it('counts to the nanosecond where it is held so', () => {
    expect(verdicts(1, [0, 1, -1, 89, 123_456_789, 1_000_000_000])).toEqual([true, ...Array(5).fill(false)]);
  });

  it.each([
    [100, 89],
    [1_000, 789],
    [10_000_000, 3_456_789],
    [1_000_000_000, 123_456_789],
    [2_000_000_000, 1_123_456_789],
  ])("is the source's less what steps of %d ns cut off", (step, lost) => {
    expect(verdicts(step, [lost, 0, lost - 1, lost + 1, lost + step])).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('counts to the nanosecond where no file can be made to find out', () => {
    const machine = new FakeMachine();
    const surroundings = fakeSurroundings(machine);
    surroundings.write('/f', '');
    surroundings.setTime('/f', SOURCE.mtimeSeconds);
    machine.volume.options.readOnly = true;
    const directory = machine.start().openDirectory([]);
    const status = directory.status('f')!;
    expect(new HeldTimes('.probe').isAsCopied(status, SOURCE, directory)).toBe(false);
  });
});

describe.each(bothMachines)('a copy on %s', (_, make) => {
  it('has its time, whatever the file system holds of it', () => {
    const surroundings = make();
    const directory = surroundings.open().openDirectory([]);
    for (const time of [SOURCE, { mtimeSeconds: -5, mtimeNanoseconds: 999_999_999 }]) {
      const file = directory.createFile('f', 'f');
      file.setModificationTime(time.mtimeSeconds, time.mtimeNanoseconds);
      file.close();
      expect(new HeldTimes('.probe').isAsCopied(directory.status('f')!, time, directory)).toBe(true);
      directory.remove('f');
    }
    expect(surroundings.names()).toEqual([]);
  });
});
