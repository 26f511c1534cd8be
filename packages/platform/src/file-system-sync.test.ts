import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { directoryOperations } from './beneath-root/directory-operations.ts';
import { openFileSystemSync } from './file-system-sync.ts';

const directory = mkdtempSync(join(tmpdir(), 'jetstream-sync-'));
afterAll(() => rmSync(directory, { recursive: true }));

const descriptors = () => readdirSync('/proc/self/fd').length;

function open(path: string, how = openFileSystemSync) {
  const handle = directoryOperations().openRoot(path);
  const opened = how(handle);
  handle.close();
  return opened;
}

describe('openFileSystemSync', () => {
  const trusted = [0xef53, 0x58465342, 0x9123683e].includes(statfsSync(directory).type);

  it.runIf(trusted)('syncs the file system of a directory as often as asked, and leaves nothing open', () => {
    const before = descriptors();
    const fileSystem = open(directory);
    for (const name of ['a', 'b']) {
      writeFileSync(join(directory, name), name);
      fileSystem!.sync();
    }
    fileSystem!.close();
    expect(descriptors()).toBe(before);
  });

  it.runIf(trusted)('tells when it cannot', () => {
    const fileSystem = open(directory)!;
    fileSystem.close();
    expect(() => fileSystem.sync()).toThrow(/EBADF/);
  });

  it('trusts no file system that it does not know', () => {
    for (const path of ['/proc', '/dev/shm', '/sys'].filter(existsSync))
      expect(open(path), path).toBe(undefined);
  });

  it('is not there without native functions', async () => {
    vi.stubEnv('JETSTREAM_PORTABLE', '1');
    vi.resetModules();
    const portable = await import('./file-system-sync.ts');
    expect(open(directory, portable.openFileSystemSync)).toBe(undefined);
    vi.unstubAllEnvs();
  });
});
