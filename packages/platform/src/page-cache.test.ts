import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dropFromPageCache } from './page-cache.ts';

const directory = mkdtempSync(join(tmpdir(), 'jetstream-page-cache-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('dropFromPageCache', () => {
  it('loses nothing, neither what is on the disk nor what is not yet', () => {
    const path = join(directory, 'file');
    const fd = openSync(path, 'w');
    const content = Buffer.alloc(300_000, 'content');
    writeSync(fd, content, 0, 200_000);
    fdatasyncSync(fd);
    writeSync(fd, content, 200_000);
    dropFromPageCache(fd, 0, 300_000);
    closeSync(fd);
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(() => dropFromPageCache(-1, 0, 1)).not.toThrow();
  });
});
