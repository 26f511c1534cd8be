import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileHandle } from './contract.ts';
import { descriptorWalkResolver } from './descriptor-walk.ts';
import { directoryOperations, operationsBy } from './directory-operations.ts';

const OPENS = 2000;
/** Far more than it takes to meet both states of the directory. */
const MAX_OPENS = 500_000;

/** Swaps `a` between a directory and a symlink to the outside until it is killed. */
const SWAPPER = `
  const { renameSync } = require('node:fs');
  process.chdir(process.argv[1]);
  process.stdout.write('ready');
  for (;;) {
    renameSync('a', 'directory'); renameSync('link', 'a');
    renameSync('a', 'link'); renameSync('directory', 'a');
  }`;

describe.each([
  { name: 'best of this machine', operations: directoryOperations() },
  { name: 'descriptor walk', operations: operationsBy(descriptorWalkResolver) },
])('a parent directory swapped with a symlink: $name', ({ operations }) => {
  it('never opens or makes anything outside', async () => {
    const area = mkdtempSync(join(tmpdir(), 'swap-'));
    const root = join(area, 'root');
    mkdirSync(join(root, 'a'), { recursive: true });
    mkdirSync(join(area, 'outside'));
    writeFileSync(join(root, 'a/file'), 'inside');
    writeFileSync(join(area, 'outside/file'), 'OUTSIDE');
    symlinkSync('../outside', join(root, 'link'));
    const swapper = spawn(process.execPath, ['-e', SWAPPER, root], { stdio: ['ignore', 'pipe', 'inherit'] });
    const handle = operations.openRoot(root);
    try {
      await once(swapper.stdout, 'data');
      const seen = { inside: 0, refused: 0, absent: 0 };
      for (let opens = 0; opens < MAX_OPENS; opens++) {
        if (opens >= OPENS && seen.inside > 0 && seen.refused > 0) break;
        try {
          const parent = operations.openDirectoryBeneath(handle, ['a'], { symlinks: 'beneath' });
          let file: FileHandle;
          try {
            if (opens % 8 === 0) operations.mkdirAt(parent, `made-${opens}`, 0o700);
            file = operations.openFileAt(parent, 'file', constants.O_RDONLY);
          } finally {
            parent.close();
          }
          expect(readFileSync(file.fd, 'utf8')).toBe('inside');
          file.close();
          seen.inside++;
        } catch (error) {
          const { code } = error as { code?: string };
          if (code === 'path-refused') seen.refused++;
          else if (code === 'ENOENT') seen.absent++;
          else throw error;
        }
      }
      expect(readdirSync(join(area, 'outside'))).toEqual(['file']);
      expect(seen.inside).toBeGreaterThan(0);
      expect(seen.refused).toBeGreaterThan(0);
    } finally {
      handle.close();
      swapper.kill('SIGKILL');
      await once(swapper, 'exit');
      rmSync(area, { recursive: true });
    }
  });
});
