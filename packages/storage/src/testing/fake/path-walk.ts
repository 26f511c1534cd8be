import { JetStreamError } from '@jetstream/protocol';
import { type DirectoryNode, type FakeNode, nameKey } from './nodes.ts';
import { systemError } from './system-error.ts';

const MAX_SYMLINKS = 40;
const MAX_NAME_BYTES = 255;

/**
 * What a path leads to, symlinks followed.
 * @param root where it begins
 * @param rule `beneath`: it never leaves the root, as openat2(2) with RESOLVE_BENEATH; `system`: the root is the machine's
 */
export function walk(
  root: DirectoryNode,
  components: readonly string[],
  rule: 'beneath' | 'system',
): FakeNode {
  const way = [root];
  const todo = components.map(checkedKey).reverse();
  for (let links = 0; todo.length > 0; ) {
    const key = todo.pop()!;
    if (key === '' || key === '.') continue;
    if (key === '..') {
      if (way.length > 1) way.pop();
      else if (rule === 'beneath') throw systemError('EXDEV', 'openat2');
      continue;
    }
    const next = way.at(-1)!.child(key);
    if (next === undefined) throw systemError('ENOENT', 'open');
    if (next.kind === 'directory') way.push(next);
    else if (next.kind === 'symlink') {
      if (++links > MAX_SYMLINKS) throw systemError('ELOOP', 'open');
      if (next.target.startsWith('/')) {
        if (rule === 'beneath') throw systemError('EXDEV', 'openat2');
        way.length = 1;
      }
      todo.push(...next.target.split('/').map(nameKey).reverse());
    } else {
      if (todo.length > 0) throw systemError('ENOTDIR', 'open');
      return next;
    }
  }
  return way.at(-1)!;
}

/** @throws what a name is refused with that is not exactly one, or too long */
export function checkedKey(name: string): string {
  const isOne = name !== '' && name !== '.' && name !== '..' && !/[/\0\p{Surrogate}]/u.test(name);
  if (!isOne) throw new JetStreamError('name-invalid', `${JSON.stringify(name)} is not the name of a file`);
  const key = nameKey(name);
  if (key.length > MAX_NAME_BYTES) throw systemError('ENAMETOOLONG', 'open');
  return key;
}
