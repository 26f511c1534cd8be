import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Every path beneath a directory with what a transfer keeps of it. */
export function treeSnapshot(root: string): Record<string, string> {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const full = join(root, path);
      const { mtimeNs, mode } = statSync(full, { bigint: true });
      const stats = statSync(full);
      if (stats.isDirectory()) return [path, `directory ${mtimeNs}`];
      const hash = createHash('sha256').update(readFileSync(full)).digest('hex');
      return [path, `${stats.size} ${hash} ${mtimeNs} ${(mode & 0o777n).toString(8)}`];
    }),
  );
}

/** Names beneath a directory. */
export function namesBeneath(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
}
