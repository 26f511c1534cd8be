import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openStorage } from './node-file-system.ts';
import { temporaryDirectories } from './testing/temporary-directory.ts';

const temporaryDirectory = temporaryDirectories();

describe('openStorage', () => {
  it('names a sandbox directory that cannot be', () => {
    const file = `${temporaryDirectory()}/file`;
    writeFileSync(file, '');
    const refused = expect.objectContaining({ code: 'not-a-directory' });
    expect(() => openStorage({ sandboxRoot: `${file}/x` })).toThrow(refused);
  });

  it('lists names as bytes', () => {
    const root = temporaryDirectory();
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0x66, 0xff)]), '');
    const names = openStorage({ sandboxRoot: root }).openDirectory([]).names();
    expect(names.next().value).toEqual(Buffer.of(0x66, 0xff));
    expect(names.next().done).toBe(true);
  });
});
