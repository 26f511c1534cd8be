import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { holeSeeker } from './seek-hole.ts';

const directory = mkdtempSync(join(tmpdir(), 'jetstream-seek-hole-'));
afterAll(() => rmSync(directory, { recursive: true }));

const MEBIBYTE = 2 ** 20;

function open(content: readonly (readonly [number, string])[], size: number): number {
  const fd = openSync(join(directory, 'file'), 'w+');
  for (const [position, text] of content) writeSync(fd, text, position);
  ftruncateSync(fd, size);
  return fd;
}

describe.runIf(holeSeeker() !== undefined)('holeSeeker', () => {
  const seeker = holeSeeker()!;

  it('never takes content for a hole', () => {
    const fd = open([[5 * MEBIBYTE, 'content']], 10 * MEBIBYTE);
    expect(seeker.nextData(fd, 0)).toBeLessThanOrEqual(5 * MEBIBYTE);
    expect(seeker.nextData(fd, 5 * MEBIBYTE + 3)).toBe(5 * MEBIBYTE + 3);
    expect(seeker.nextHole(fd, 5 * MEBIBYTE)).toBeGreaterThanOrEqual(5 * MEBIBYTE + 7);
    closeSync(fd);
  });

  it('takes the end for a hole, and behind it sees no content', () => {
    const fd = open([[0, 'content']], 7);
    expect(seeker.nextHole(fd, 0)).toBe(7);
    expect(seeker.nextHole(fd, 7)).toBe(7);
    expect(seeker.nextHole(fd, 1000)).toBe(1000);
    expect(seeker.nextData(fd, 7)).toBe(Number.POSITIVE_INFINITY);
    closeSync(fd);
  });

  it('needs for 1 TiB no more calls than it has pieces', () => {
    const fd = open([[2 ** 39, 'content']], 2 ** 40);
    let calls = 0;
    for (let at = 0; at < 2 ** 40; calls++) {
      const data = seeker.nextData(fd, at)!;
      at = data === Number.POSITIVE_INFINITY ? 2 ** 40 : seeker.nextHole(fd, data)!;
    }
    expect(calls).toBeLessThanOrEqual(2);
    closeSync(fd);
  });

  it('says what is wrong as Node does', () => {
    expect(() => seeker.nextData(-1, 0)).toThrow(
      expect.objectContaining({ code: 'EBADF', syscall: 'lseek' }),
    );
  });
});

it('is not there without native functions', async () => {
  vi.stubEnv('JETSTREAM_PORTABLE', '1');
  vi.resetModules();
  expect((await import('./seek-hole.ts')).holeSeeker()).toBe(undefined);
  vi.unstubAllEnvs();
});
