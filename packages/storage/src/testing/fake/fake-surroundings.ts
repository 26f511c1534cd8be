import type { Surroundings } from '../surroundings.ts';
import { FakeMachine } from './fake-machine.ts';
import { DirectoryNode, type FakeNode, type FileNode, nameKey, statusOf } from './nodes.ts';
import { walk } from './path-walk.ts';
import { systemError } from './system-error.ts';

/** The files of a fake machine. What is done here meets no faults and stands in no log; it is no more durable than what programs do. */
export function fakeSurroundings(machine = new FakeMachine()): Surroundings {
  const { root } = machine.volume;
  const split = (path: string) => path.split('/').filter(Boolean);
  const at = (path: string) => walk(root, split(path), 'system');
  const place = (path: string): [DirectoryNode, string] => {
    const components = split(path);
    const name = components.pop()!;
    return [walk(root, components, 'system') as DirectoryNode, nameKey(name)];
  };
  const fileAt = (path: string): FileNode => {
    const node = at(path);
    if (node.kind !== 'file') throw systemError('EISDIR', 'open');
    return node;
  };
  const unfollowed = (path: string): FakeNode | undefined => {
    const [directory, key] = place(path);
    return directory.child(key);
  };
  const write = (path: string, content: string | Uint8Array, position: number) => {
    const [directory, key] = place(path);
    const file =
      unfollowed(path) === undefined ? directory.volume.makeFile(directory, key, 0o644) : fileAt(path);
    if (position === 0) file.volume.truncate(file, 0);
    file.volume.write(file, Buffer.from(content as string), position);
  };
  const surroundings: Surroundings = {
    open: (sandboxRoot = '/') => machine.start({ sandboxRoot }),
    openUnheld: () => machine.start(),
    components: split,
    write: (path, content) => write(path, content, 0),
    read(path) {
      const { content } = fileAt(path);
      const bytes = Buffer.alloc(content.length);
      content.read(bytes, 0);
      return bytes;
    },
    append: (path, content) => write(path, content, fileAt(path).content.length),
    truncate(path, byteLength) {
      const file = fileAt(path);
      file.volume.truncate(file, byteLength);
    },
    makeDirectory(path) {
      let directory = root;
      for (const key of split(path).map(nameKey)) {
        const known = directory.child(key);
        directory = (known as DirectoryNode) ?? directory.volume.makeDirectory(directory, key, 0o755);
      }
    },
    makeSymlink(target, path) {
      const [directory, key] = place(path);
      directory.volume.makeSymlink(directory, key, target);
    },
    makeFifo(path) {
      const [directory, key] = place(path);
      directory.volume.makeSpecial(directory, key);
    },
    link(path, newPath) {
      const [directory, key] = place(newPath);
      directory.volume.link(fileAt(path), directory, key);
    },
    rename(path, newPath) {
      const [[from, oldKey], [to, newKey]] = [place(path), place(newPath)];
      from.volume.rename(from, oldKey, to, newKey);
    },
    remove(path) {
      const [directory, key] = place(path);
      const node = directory.child(key);
      if (node?.kind !== 'directory') return directory.volume.unlink(directory, key);
      for (const name of surroundings.names(path))
        if (!name.includes('/')) surroundings.remove(`${path}/${name}`);
      directory.volume.removeDirectory(directory, key);
    },
    setMode: (path, mode) => at(path).volume.setAttributes(at(path), { mode }),
    setTime: (path, mtimeSeconds, mtimeNanoseconds = 0) =>
      at(path).volume.setAttributes(at(path), { mtimeSeconds, mtimeNanoseconds }),
    status(path) {
      const node = split(path).length === 0 ? root : unfollowed(path);
      return node && statusOf(node);
    },
    names(path = '/') {
      const names: string[] = [];
      const list = (directory: DirectoryNode, prefix: string) => {
        for (const key of directory.names.keys()) {
          const child = directory.child(key);
          if (child === undefined) continue;
          const name = `${prefix}${Buffer.from(key, 'latin1').toString()}`;
          names.push(name);
          if (child instanceof DirectoryNode) list(child, `${name}/`);
        }
      };
      list(at(path) as DirectoryNode, '');
      return names.sort();
    },
  };
  return surroundings;
}
