import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ffi } from './ffi.ts';
import { continueWriteBack } from './write-back.ts';

const directory = mkdtempSync(join(tmpdir(), 'jetstream-write-back-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('continueWriteBack', () => {
  it('changes nothing of a file', () => {
    const path = join(directory, 'file');
    const fd = openSync(path, 'w');
    for (let at = 0; at < 3; at++) {
      writeSync(fd, Buffer.alloc(100_000, at));
      continueWriteBack(fd);
    }
    closeSync(fd);
    expect(readFileSync(path)).toEqual(Buffer.concat([0, 1, 2].map((byte) => Buffer.alloc(100_000, byte))));
  });

  it.runIf(process.platform === 'linux' && ffi())('throws the system error', () => {
    expect(() => continueWriteBack(-1)).toThrow(/EBADF/);
  });

  it('does nothing without native functions', async () => {
    vi.stubEnv('JETSTREAM_PORTABLE', '1');
    vi.resetModules();
    const portable = await import('./write-back.ts');
    expect(() => portable.continueWriteBack(-1)).not.toThrow();
    vi.unstubAllEnvs();
  });
});
