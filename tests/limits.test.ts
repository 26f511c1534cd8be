// Names, paths and depths at their limits, up and down and after an interruption.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFile } from '../tools/programs/src/tree.mjs';
import { Arena, expectEqualTrees, expectOk, expectRefusal, type ServerProcess } from './support/arena.ts';

const MiB = 2 ** 20;
const DEPTH = 1_000;

let arena: Arena;
let server: ServerProcess;

beforeAll(async () => {
  arena = await Arena.create();
  server = await arena.startServer();
});
afterAll(() => {
  // Step by step, as `rm` does: the system takes no paths as long as these.
  execFileSync('rm', ['-rf', arena.source]);
  return arena.close();
});

/** Its partial file and its backup have longer names, which no file system takes. */
function makeLongNames(root: string): void {
  writeFile(join(root, 'n'.repeat(255)), 12 * MiB + 3, 1);
  writeFile(join(root, 'ü'.repeat(127)), 3 * MiB, 2);
  writeFile(join(root, `${'s'.repeat(251)}.txt`), 10, 3);
  writeFile(join(root, '🚀'.repeat(63), 'd'.repeat(255), 'empty'), 0, 4);
}

describe('names of 255 bytes', () => {
  it('are kept up and down, and by what goes on after a kill', async () => {
    const root = join(arena.source, 'names');
    makeLongNames(root);
    const parameters = ['--checkpoint', '0.1', '-l', '60M', root, '127.0.0.1:/names'];
    const first = arena.startJscp(server.port, parameters);
    await first.untilDurable(5 * MiB);
    first.child.kill('SIGKILL');
    await first.finished;
    const copy = join(arena.sandbox, 'names');
    expectOk(await arena.jscp(server.port, [root, '127.0.0.1:/names']));
    await expectEqualTrees(root, copy);
    const back = join(arena.base, 'names-back');
    expectOk(await arena.jscp(server.port, ['127.0.0.1:/names', back]));
    await expectEqualTrees(root, back);
    expect([...readdirSync(copy), ...readdirSync(back)].filter((name) => name.includes('.jspart-'))).toEqual(
      [],
    );
  });

  it('are cut for the backup of what stood there', async () => {
    const root = join(arena.source, 'backups');
    const name = 'b'.repeat(255);
    writeFile(join(root, name), 2 * MiB + 1, 5);
    expectOk(await arena.jscp(server.port, [root, '127.0.0.1:/backups']));
    rmSync(join(root, name));
    writeFile(join(root, name), 2 * MiB + 2, 6);
    expectOk(await arena.jscp(server.port, ['--overwrite', 'backup', root, '127.0.0.1:/backups']));
    const standing = readdirSync(join(arena.sandbox, 'backups')).sort();
    expect(standing).toEqual([`${'b'.repeat(248)}.jetbak`, name]);
    await expectEqualTrees(join(root, name), join(arena.sandbox, 'backups', name));
  });
});

describe('names of unfinished files', () => {
  it('are refused up and down: somebody may be writing them', async () => {
    for (const [root, operands] of [
      [join(arena.source, 'half'), [join(arena.source, 'half'), '127.0.0.1:/copy-half']],
      [join(arena.sandbox, 'half'), ['127.0.0.1:/half', join(arena.base, 'copy-half')]],
    ] as const) {
      writeFile(join(root, '.a.jspart-0011-0'), 5, 9);
      writeFile(join(root, 'a'), 5, 9);
      const refused = await arena.jscp(server.port, ['-q', ...operands]);
      expect(refused.status).toBe(6);
      expect(refused.stderr).toMatch(/\/\.a\.jspart-0011-0: .*kept for unfinished files; rename it/);
      const base = root.startsWith(arena.source) ? arena.sandbox : arena.base;
      expect(readdirSync(join(base, 'copy-half'))).toEqual(['a']);
    }
  });
});

describe('paths', () => {
  it(`of ${DEPTH} directories arrive, up and down`, async () => {
    const root = join(arena.source, 'deep');
    const leaf = join('d/'.repeat(DEPTH), 'leaf');
    writeFile(join(root, leaf), 2 * MiB + 5, 8);
    expectOk(await arena.jscp(server.port, ['-q', root, '127.0.0.1:/deep']));
    const back = join(arena.base, 'deep-back');
    expectOk(await arena.jscp(server.port, ['-q', '127.0.0.1:/deep', back]));
    await expectEqualTrees(join(root, leaf), join(back, leaf));
  });

  it('of more than 4,096 bytes are refused by name, and nothing of the server is told; others arrive', async () => {
    const root = join(arena.source, 'long');
    const name = 'p'.repeat(255);
    inDirectory(root, 17, name, 'echo 1 > leaf');
    writeFile(join(root, 'other'), 5, 7);
    const refused = await arena.jscp(server.port, [root, '127.0.0.1:/long']);
    expect(refused.status).toBe(6);
    expect(refused.stderr).toMatch(/\/long\/ppp.*longer than 4096 bytes.*; shorten it/);
    expect(refused.stderr).not.toContain(arena.sandbox);
    await expectEqualTrees(join(root, 'other'), join(arena.sandbox, 'long/other'));
  });

  it('that are too long only beneath what the server keeps them in are refused, and that is not told', async () => {
    const root = join(arena.source, 'fits');
    // 15 names and their slashes are 3,840 bytes: with "/fits" and 240 more just below 4,096.
    inDirectory(root, 15, 'p'.repeat(255), `echo 1 > ${'f'.repeat(240)}`);
    const refused = await arena.jscp(server.port, ['-q', root, '127.0.0.1:/fits']);
    expectRefusal(refused, 6, /\/fits\/p+.*with the server's own directory/);
    expect(refused.stderr).not.toContain(arena.sandbox);
  });
});

/** Makes directories within each other and runs a script in the innermost one. */
function inDirectory(root: string, depth: number, name: string, script: string): void {
  mkdirSync(root, { recursive: true });
  const descend = `i=0; while [ $i -lt ${depth} ]; do mkdir -p ${name} && cd -P ${name} || exit 1; i=$((i+1)); done`;
  execFileSync('bash', ['-c', `${descend}; ${script}`], { cwd: root });
}
