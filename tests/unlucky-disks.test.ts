import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFile } from '../tools/programs/src/tree.mjs';
import { Arena, canRun, expectEqualTrees, expectOk, isRoot, type ServerProcess } from './support/arena.ts';
import { LoopMount } from './support/loop-mount.ts';

const MiB = 2 ** 20;
const canMount = isRoot && canRun('unshare', '--mount', 'true');
const canLoop = isRoot && canRun('losetup', '--find');

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.create();
});
afterAll(() => arena.close());

/** One large file and some small ones. */
function treeOf(name: string, largeBytes: number): string {
  const root = join(arena.source, name);
  writeFile(join(root, 'large'), largeBytes, name.length);
  for (let index = 0; index < 20; index++) writeFile(join(root, `small/${index}`), 1000 + index, index);
  return root;
}

function serverOn(
  mount: string,
  directory: string,
  parameters: readonly string[] = [],
): Promise<ServerProcess> {
  return arena.startServer(['--sandbox-dir', directory, ...parameters], {
    wrapper: ['unshare', '--mount', 'sh', '-c', `${mount} '${directory}' && exec "$@"`, 'sh'],
  });
}

/** Runs a command where the server sees its mounts. */
function beside(server: ServerProcess, ...command: string[]): void {
  execFileSync('nsenter', ['--mount', '--target', String(server.child.pid), ...command]);
}

function numberIn(json: string, field: string): number {
  return Number([...json.matchAll(new RegExp(`"${field}":(\\d+)`, 'g'))].at(-1)?.[1]);
}

describe('a receiver', () => {
  it.skipIf(!canMount)(
    'whose disk is full names what it has no room for, and goes on when there is room (needs root and unshare, to mount a tmpfs of 64 MiB)',
    async () => {
      const small = arena.directory('full');
      const server = await serverOn('mount -t tmpfs -o size=64m tmpfs', small);
      const root = treeOf('full-tree', 100 * MiB);
      const command = ['--json', '--checkpoint', '0.1', root, '127.0.0.1:/copy'];

      const refused = await arena.jscp(server.port, command);
      expect(refused).toMatchObject({ status: 13 });
      expect(refused.stderr).toMatch(/large.*space/);
      // What arrived of the large file is kept, to go on from: it may leave no room for the small ones.
      expect(refused.stderr.match(/^jscp: .*space/gm)).toHaveLength(21 - numberIn(refused.stdout, 'files'));

      beside(server, 'mount', '-o', 'remount,size=256m', small);
      const second = await arena.jscp(server.port, command);
      expectOk(second);
      expect(numberIn(second.stdout, 'presentBytes')).toBeGreaterThan(20 * MiB);
      await expectEqualTreesBeside(server, root, join(small, 'copy'));
      await server.stop();
    },
  );

  it.skipIf(!canMount)('that is read-only says so by name (needs root and unshare, to mount)', async () => {
    const readOnly = arena.directory('read-only');
    const server = await serverOn('mount -t tmpfs -o ro tmpfs', readOnly);
    const file = arena.file('for-read-only', 3 * MiB);
    const refused = await arena.jscp(server.port, [file, '127.0.0.1:/file']);
    expect(refused).toMatchObject({ status: 11 });
    expect(refused.stderr).toMatch(/^[^\n]*file[^\n]*read-only[^\n]*\n$/);
    await server.stop();
  });

  it.skipIf(!canLoop || !canRun('mkfs.btrfs', '--version'))(
    'beyond its quota names the file and takes the others (needs root, a loop device and btrfs-progs)',
    async () => {
      const mount = new LoopMount(arena.directory('quota'), 256 * MiB, ['mkfs.btrfs', '-q']);
      execFileSync('btrfs', ['quota', 'enable', mount.directory]);
      execFileSync('btrfs', ['qgroup', 'limit', '16M', mount.directory]);
      const server = await arena.startServer(['--sandbox-dir', mount.directory]);
      const root = treeOf('quota-tree', 40 * MiB);
      const refused = await arena.jscp(server.port, [root, '127.0.0.1:/copy']);
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toMatch(/large.*quota/i);
      await server.stop();
      mount.unmount();
    },
  );

  it.skipIf(!canRun('prlimit', '--version'))(
    'with 64 file descriptors takes a tree of many files, and gives it back (needs prlimit of util-linux)',
    async () => {
      const wrapper = ['prlimit', '--nofile=64:64'];
      const root = join(arena.source, 'descriptors');
      for (let index = 0; index < 300; index++)
        writeFile(join(root, `d${index % 40}/f${index}`), index * 97, index);
      for (let index = 0; index < 30; index++)
        writeFile(join(root, `large-${index}`), 2 * MiB + index, 1000 + index);
      const server = await arena.startServer([], { wrapper });
      expectOk(await arena.jscp(server.port, [root, '127.0.0.1:/descriptors'], { wrapper }));
      await expectEqualTrees(root, join(arena.sandbox, 'descriptors'));
      const back = join(arena.base, 'descriptors-back');
      expectOk(await arena.jscp(server.port, ['127.0.0.1:/descriptors', back], { wrapper }));
      await expectEqualTrees(root, back);
      await server.stop();
    },
  );

  it('whose clock falls back an hour in the middle of a copy goes on, and resumes', async () => {
    const sign = join(arena.base, 'clock-sign');
    const program = pathToFileURL(join(import.meta.dirname, 'support/set-clock-back.mjs')).href;
    const env = { NODE_OPTIONS: `--import=${program}?${encodeURIComponent(sign)}` };
    const server = await arena.startServer([], { env });
    const file = arena.file('clock', 30 * MiB);
    const parameters = ['--checkpoint', '0.1', '-l', '100M', file, '127.0.0.1:/clock'];
    const first = arena.startJscp(server.port, parameters);
    await first.untilAcked(4 * MiB);
    writeFileSync(sign, '');
    await first.untilDurable(8 * MiB);
    first.child.kill('SIGKILL');
    await first.finished;
    const second = await arena.startJscp(server.port, parameters).finished;
    expectOk(second);
    expect(numberIn(second.stdout, 'presentBytes')).toBeGreaterThanOrEqual(8 * MiB);
    await expectEqualTrees(file, join(arena.sandbox, 'clock'));
    await server.stop();
  });
});

describe('a sender', () => {
  it.skipIf(!canLoop || !canRun('mkfs.ext4', '-V'))(
    'whose disk fails in the middle of a file names it and sends the others (needs root, a loop device and mkfs.ext4)',
    async () => {
      const mount = new LoopMount(arena.directory('failing'), 64 * MiB, ['mkfs.ext4', '-q']);
      writeFile(join(mount.directory, 'large'), 30 * MiB, 1);
      execFileSync('sync', ['--file-system', mount.directory]);
      mount.unmount();
      mount.mount();
      for (let index = 0; index < 5; index++) writeFile(join(mount.directory, `small/${index}`), 5000, index);
      mount.cutImage(20 * MiB);
      const server = await arena.startServer();
      const refused = await arena.jscp(server.port, ['--json', mount.directory, '127.0.0.1:/failing']);
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toMatch(/large.*(input\/output|I\/O|read)/i);
      expect(readdirSync(join(arena.sandbox, 'failing/small')).sort()).toEqual(['0', '1', '2', '3', '4']);
      expect(readdirSync(join(arena.sandbox, 'failing'))).not.toContain('large');
      await server.stop();
      mount.unmount();
    },
  );
});

describe('two at once', () => {
  it('copies to the same target: what stands there in the end is the whole of one of them', async () => {
    const server = await arena.startServer();
    const [one, other] = [arena.file('one-of-two', 12 * MiB), arena.file('other-of-them', 12 * MiB + 5)];
    const both = await Promise.all(
      [one, other].map((file) => arena.jscp(server.port, ['-l', '200M', file, '127.0.0.1:/the-same'])),
    );
    for (const finished of both) expectOk(finished);
    const target = join(arena.sandbox, 'the-same');
    await expectEqualTrees(statSync(target).size === 12 * MiB ? one : other, target);
    expect(readdirSync(arena.sandbox).filter((name) => name.includes('.jspart-'))).toEqual([]);
    await server.stop();
  });

  it('downloads to the same target: what stands there in the end is the whole of one of them', async () => {
    const server = await arena.startServer();
    const from = arena.file('fetched-twice', 12 * MiB);
    expectOk(await arena.jscp(server.port, [from, '127.0.0.1:/twice']));
    const target = join(arena.directory('twice'), 'it');
    const both = await Promise.all(
      [1, 2].map(() => arena.jscp(server.port, ['-l', '200M', '127.0.0.1:/twice', target])),
    );
    for (const finished of both) expectOk(finished);
    await expectEqualTrees(from, target);
    expect(readdirSync(join(arena.base, 'twice'))).toEqual(['it']);
    await server.stop();
  });

  it('servers on one state directory: the second refuses to start and says why', async () => {
    const server = await arena.startServer();
    const second = arena.startServer(['--persistent-state-dir', arena.state]).then(() => 'started');
    await expect(second).rejects.toThrow(/another process has the state directory .*state/);
    await arena.expectWorking(server);
    await server.stop();
  });
});

async function expectEqualTreesBeside(server: ServerProcess, source: string, copy: string): Promise<void> {
  const root = join('/proc', String(server.child.pid), 'root');
  await expectEqualTrees(source, join(root, copy));
}
