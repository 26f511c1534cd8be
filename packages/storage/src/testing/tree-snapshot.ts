import { createHash } from 'node:crypto';
import type { FileSystem } from '../file-system.ts';

/** Every path beneath a directory with what a transfer keeps of it. */
export function treeSnapshot(fileSystem: FileSystem, root: readonly string[] = []): Record<string, string> {
  const found: [string, string][] = [];
  const todo: string[][] = [[]];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    const directory = fileSystem.openDirectory([...root, ...path]);
    const names = [...{ [Symbol.iterator]: () => directory.names() }];
    for (const name of names.map((bytes) => Buffer.from(bytes).toString())) {
      const { kind, size, mtimeSeconds, mtimeNanoseconds, mode } = directory.status(name)!;
      const shown = [...path, name].join('/');
      const time = `${mtimeSeconds}.${mtimeNanoseconds}`;
      if (kind === 'directory') {
        found.push([shown, `directory ${time}`]);
        todo.push([...path, name]);
        continue;
      }
      const content = new Uint8Array(size);
      const file = directory.openFile(name);
      file.read(content, 0);
      file.close();
      const hash = createHash('sha256').update(content).digest('hex');
      found.push([shown, `${size} ${hash} ${time} ${(mode & 0o777).toString(8)}`]);
    }
    directory.close();
  }
  return Object.fromEntries(found.sort());
}
