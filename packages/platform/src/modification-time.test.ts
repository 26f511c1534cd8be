import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { portableSetModificationTime, setModificationTime } from './modification-time.ts';

const directory = mkdtempSync(join(tmpdir(), 'jetstream-mtime-'));
const file = join(directory, 'file');
writeFileSync(file, '');
afterAll(() => rmSync(directory, { recursive: true }));

const mtimeNs = (path: string) => statSync(path, { bigint: true }).mtimeNs;

describe('setModificationTime', () => {
  it('sets a file to the nanosecond by its descriptor, and a directory by its path', () => {
    const fd = openSync(file, 'r+');
    setModificationTime(fd, 1_700_000_000, 123_456_789);
    closeSync(fd);
    expect(Math.abs(Number(mtimeNs(file) - 1_700_000_000_123_456_789n))).toBeLessThan(1000);
    setModificationTime(directory, 1_600_000_000, 7_000);
    expect(mtimeNs(directory)).toBe(1_600_000_000_000_007_000n);
  });

  it('takes times before 1970', () => {
    setModificationTime(file, -2, 250_000_000);
    expect(mtimeNs(file)).toBe(-1_750_000_000n);
    portableSetModificationTime(file, -2, 250_000_000);
    expect(Math.abs(Number(mtimeNs(file) + 1_750_000_000n))).toBeLessThanOrEqual(1000);
  });

  it('keeps microseconds without native functions', () => {
    for (const nanoseconds of [0, 1_000, 123_456_000, 999_999_000]) {
      portableSetModificationTime(file, 1_700_000_001, nanoseconds);
      expect(mtimeNs(file)).toBe(1_700_000_001_000_000_000n + BigInt(nanoseconds));
    }
  });

  it('lets the file system choose the nearest time it can hold', () => {
    for (const seconds of [-62_167_219_200, 2 ** 53 - 1, -(2 ** 53) + 1]) {
      expect(() => setModificationTime(file, seconds, 0)).not.toThrow();
    }
  });

  it('throws the system error', () => {
    expect(() => setModificationTime(join(directory, 'gone'), 1, 0)).toThrow(/ENOENT/);
  });
});
