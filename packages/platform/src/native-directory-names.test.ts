import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { directoryOperations } from './beneath-root/directory-operations.ts';
import { nativeDirectoryNames } from './native-directory-names.ts';

const path = mkdtempSync(join(tmpdir(), 'jetstream-directory-names-'));
afterAll(() => rmSync(path, { recursive: true }));

function directoryWith(name: string, names: readonly (string | Buffer)[]): string {
  const directory = join(path, name);
  mkdirSync(directory);
  for (const each of names)
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(each)]), '');
  return directory;
}

const MANY = Array.from({ length: 3000 }, (_, at) => `${at}-${'n'.repeat(at % 200)}`);
const ODD = ['.a', '..b', '...', 'ünï', 'new\nline', Buffer.from([0x66, 0xff, 0x9b]), 'x'.repeat(255)];
const many = directoryWith('many', MANY);
const odd = directoryWith('odd', ODD);
const empty = directoryWith('empty', []);

const ways: [string, () => Promise<ReturnType<typeof directoryOperations>['readNamesAt']>][] = [
  ['by getdents64', async () => nativeDirectoryNames()!],
  [
    'without native functions',
    async () => {
      vi.stubEnv('JETSTREAM_PORTABLE', '1');
      vi.resetModules();
      const { directoryOperations } = await import('./beneath-root/directory-operations.ts');
      const { readNamesAt } = directoryOperations();
      vi.unstubAllEnvs();
      return readNamesAt;
    },
  ],
];

describe.each(nativeDirectoryNames() === undefined ? ways.slice(1) : ways)(
  'the names of a directory, %s,',
  (_, way) => {
    const list = async (directory: string): Promise<string[]> => {
      const handle = directoryOperations().openRoot(directory);
      const names = [...(await way())(handle)].map((name) => name.toString('latin1'));
      handle.close();
      return names.sort();
    };
    const latin1 = (names: readonly (string | Buffer)[]) =>
      names.map((name) => Buffer.from(name as string).toString('latin1')).sort();

    it('are all of them, byte by byte', async () => {
      expect(await list(many)).toEqual(latin1(MANY));
      expect(await list(odd)).toEqual(latin1(ODD));
      expect(await list(empty)).toEqual([]);
    });

    it('can be read from several at a time, and given up: no descriptor stays open', async () => {
      const readNames = await way();
      const open = readdirSync('/proc/self/fd').length;
      const handles = [many, odd].map((directory) => directoryOperations().openRoot(directory));
      const [first, second] = handles.map((handle) => readNames(handle));
      const seen: string[] = [];
      for (let name = first!.next(); !name.done && seen.length < 2000; name = first!.next()) {
        seen.push(name.value.toString());
        second!.next();
      }
      expect(new Set(seen).size).toBe(2000);
      expect(MANY).toEqual(expect.arrayContaining(seen.slice(0, 50)));
      first!.return!();
      for (const handle of handles) handle.close();
      expect(readdirSync('/proc/self/fd').length).toBe(open);
    });
  },
);
