import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownerNames, ownerNamesInFile } from './owner-names.ts';

describe.each([
  ['users', ['root', 'daemon', 'nobody'], '/etc/passwd'],
  ['groups', ['root', 'daemon', 'tty'], '/etc/group'],
] as const)('the names of %s', (of, known, file) => {
  it('are those that stand in the file, both ways', () => {
    const names = ownerNames(of);
    for (const name of known) {
      const id = ownerNamesInFile(file).idOf(name);
      if (id === undefined) continue;
      expect(names.idOf(name)).toBe(id);
      expect(names.nameOf(id)).toBe(ownerNamesInFile(file).nameOf(id));
    }
    expect([names.idOf('root'), names.nameOf(0)]).toEqual([0, 'root']);
  });

  it('are nobody for what is no name, least of all root', () => {
    const names = ownerNames(of);
    for (const name of ['', 'no-such-owner-here', 'root\0', 'root:x', '0', '../root', 'x'.repeat(100_000)]) {
      expect(names.idOf(name), name).toBeUndefined();
      expect(ownerNamesInFile(file).idOf(name), name).toBeUndefined();
    }
    expect(names.nameOf(4_000_000_123)).toBeUndefined();
  });
});

it('a line that is not well-formed names nobody', () => {
  const directory = mkdtempSync(join(tmpdir(), 'owner-names-'));
  const path = join(directory, 'group');
  writeFileSync(path, 'eve:x::\neve:x\neve:x:-1:\n:x:5:\neve:x:0x0:\nada:x:1001:\n');
  const names = ownerNamesInFile(path);
  expect([names.idOf('eve'), names.idOf(''), names.nameOf(0), names.nameOf(5)]).toEqual(
    Array(4).fill(undefined),
  );
  expect([names.idOf('ada'), names.nameOf(1001)]).toEqual([1001, 'ada']);
  rmSync(directory, { recursive: true });
});
