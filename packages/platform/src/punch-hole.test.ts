import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'jetstream-punch-hole-'));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

const SIZE = 2 ** 20;

describe('punchHole', () => {
  it('makes zeros within the file alone, which take no room, or says that it cannot', async () => {
    const { punchHole } = await import('./punch-hole.ts');
    const path = join(directory, 'file');
    const content = Buffer.alloc(SIZE, 'x');
    writeFileSync(path, content);
    const fd = openSync(path, 'r+');
    const done = punchHole(fd, 4096, 2 ** 41);
    closeSync(fd);
    if (done) content.fill(0, 4096);
    expect(readFileSync(path).equals(content)).toBe(true);
    if (done) expect(statSync(path).blocks).toBeLessThan(SIZE / 512);
  });

  it('does nothing where native functions are not to be called', async () => {
    vi.stubEnv('JETSTREAM_PORTABLE', '1');
    const { punchHole } = await import('./punch-hole.ts');
    expect(punchHole(-1, 0, 1)).toBe(false);
  });

  it('throws what the system says of a descriptor that is none', async () => {
    const { punchHole } = await import('./punch-hole.ts');
    let code: unknown;
    try {
      code = punchHole(-1, 0, 1) ? 'punched' : 'EBADF';
    } catch (error) {
      ({ code } = error as NodeJS.ErrnoException);
    }
    expect(code).toBe('EBADF');
  });
});
