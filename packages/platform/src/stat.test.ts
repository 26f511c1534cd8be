import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { directoryOperations } from './beneath-root/directory-operations.ts';
import { fileStatus } from './file-status.ts';
import { setModificationTime } from './modification-time.ts';
import { nativeNames } from './native-names.ts';
import { statusOfDescriptor, statusOfName } from './stat.ts';

const path = mkdtempSync(join(tmpdir(), 'jetstream-stat-'));
const directory = directoryOperations().openRoot(path);
afterAll(() => {
  directory.close();
  rmSync(path, { recursive: true });
});

writeFileSync(join(path, 'file'), 'content');
writeFileSync(join(path, 'tool'), '');
chmodSync(join(path, 'tool'), 0o4751);
writeFileSync(join(path, 'huge'), '');
truncateSync(join(path, 'huge'), 2 ** 33 + 5);
writeFileSync(join(path, 'old'), '');
setModificationTime(join(path, 'old'), -2, 250_000_000);
writeFileSync(join(path, 'ünï'), '');
mkdirSync(join(path, 'directory'));
symlinkSync('nowhere', join(path, 'link'));
spawnSync('mkfifo', [join(path, 'fifo')]);

/** The device is the same number for the same file system, whatever number that is. */
function expected(name: string) {
  return {
    ...fileStatus(lstatSync(join(path, name), { bigint: true })),
    device: statusOfDescriptor(directory.fd).device,
  };
}

describe('the status of a file', () => {
  const names = ['file', 'tool', 'huge', 'old', 'ünï', 'directory', 'link', 'fifo'];

  it.each(names)('by name is what the system says: %s', (name) => {
    expect(statusOfName(directory, name)).toEqual(expected(name));
    expect(statusOfName(directory, Buffer.from(name))).toEqual(expected(name));
  });

  it.each(['file', 'old', 'huge'])('by descriptor is the same: %s', (name) => {
    const fd = openSync(join(path, name), 'r');
    expect(statusOfDescriptor(fd)).toEqual(expected(name));
    closeSync(fd);
  });

  it('has its kind, its size and its time to the nanosecond', () => {
    const kinds = names.map((name) => statusOfName(directory, name)?.kind);
    expect(kinds).toEqual(['file', 'file', 'file', 'file', 'file', 'directory', 'symlink', 'special']);
    expect(statusOfName(directory, 'huge')?.size).toBe(2 ** 33 + 5);
    expect(statusOfName(directory, 'tool')?.mode).toBe(0o4751);
    expect(statusOfName(directory, 'old')).toMatchObject({ mtimeSeconds: -2, mtimeNanoseconds: 250_000_000 });
  });

  it('is undefined when there is nothing, and an error when the system says so', () => {
    expect(statusOfName(directory, 'nothing')).toBe(undefined);
    expect(() => statusOfName(directory, 'n'.repeat(300))).toThrow(/ENAMETOOLONG/);
    expect(() => statusOfName(directory, 'n'.repeat(5000))).toThrow(/ENAMETOOLONG/);
    expect(() => statusOfDescriptor(-1)).toThrow();
  });

  it('is the same without native functions', async () => {
    vi.stubEnv('JETSTREAM_PORTABLE', '1');
    vi.resetModules();
    const portable = await import('./stat.ts');
    for (const name of names) {
      const { device: _, ...rest } = expected(name);
      expect(portable.statusOfName(directory, name)).toMatchObject(rest);
    }
    expect(portable.statusOfName(directory, 'nothing')).toBe(undefined);
    vi.unstubAllEnvs();
  });
});

describe.runIf(nativeNames() !== undefined)('renaming by descriptor', () => {
  it('says what is wrong as Node does', () => {
    const rename = nativeNames()!.rename;
    expect(() => rename(directory.fd, 'nothing', directory.fd, 'x')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
    expect(() => rename(directory.fd, 'file', directory.fd, 'directory')).toThrow(
      expect.objectContaining({ code: 'EISDIR', syscall: 'rename' }),
    );
  });
});
