import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFile } from '../tools/programs/src/tree.mjs';
import { Arena, expectEqualTrees, expectOk, type ServerProcess } from './support/arena.ts';

const hasIPv6 = Object.values(networkInterfaces()).some((of) => of?.some(({ address }) => address === '::1'));

let arena: Arena;
let server: ServerProcess;

beforeAll(async () => {
  arena = await Arena.create();
  server = await arena.startServer();
  makeTree(join(arena.source, 'tree'));
});
afterAll(() => arena.close());

function makeTree(root: string): void {
  writeFile(join(root, 'large'), 5_000_001, 1);
  writeFile(join(root, 'run.sh'), 100, 2, { mode: 0o755, mtime: new Date('2001-02-03T04:05:06.789Z') });
  writeFile(join(root, 'empty'), 0, 3);
  for (let index = 0; index < 300; index += 1)
    writeFile(join(root, `many/${index % 7}/f${index}`), index * 13, index);
  mkdirSync(join(root, 'empty-directory/inside'), { recursive: true });
}

const jscp = (...parameters: string[]) => arena.jscp(server.port, parameters);
const at = (path: string) => `127.0.0.1:${path}`;

describe('an upload', () => {
  it('of a file lands under its target, with its time and executable bit', async () => {
    const file = join(arena.source, 'tree/run.sh');
    expectOk(await jscp(file, at('/a/b/renamed.sh')));
    await expectEqualTrees(file, join(arena.sandbox, 'a/b/renamed.sh'));
    expect(statSync(join(arena.sandbox, 'a/b/renamed.sh')).mtime).toEqual(
      new Date('2001-02-03T04:05:06.789Z'),
    );
  });

  it.skipIf(!hasIPv6)('goes to an IPv6 address in brackets (needs ::1)', async () => {
    const six = await arena.startServer(['--recv-host', '::1']);
    const file = arena.file('six', 10_000);
    expectOk(await arena.jscp(six.port, [file, `${userInfo().username}@[::1]:/six`]));
    await expectEqualTrees(file, join(arena.sandbox, 'six'));
    await six.stop();
  });

  it('of a directory lands whole under its target: empty files and directories too', async () => {
    expectOk(await jscp(join(arena.source, 'tree'), at('/whole')));
    await expectEqualTrees(join(arena.source, 'tree'), join(arena.sandbox, 'whole'));
  });

  it('of a directory to a target with a slash lands in that directory', async () => {
    expectOk(await jscp('-r', join(arena.source, 'tree'), at('/into/')));
    await expectEqualTrees(join(arena.source, 'tree'), join(arena.sandbox, 'into/tree'));
  });

  it('of several sources lands in the target directory', async () => {
    const [one, two] = [arena.file('one', 1000), arena.file('two', 2000)];
    expectOk(await jscp(one, two, join(arena.source, 'tree/many'), at('/several')));
    await expectEqualTrees(one, join(arena.sandbox, 'several/one'));
    await expectEqualTrees(two, join(arena.sandbox, 'several/two'));
    await expectEqualTrees(join(arena.source, 'tree/many'), join(arena.sandbox, 'several/many'));
  });

  it('replaces what was there', async () => {
    expectOk(await jscp(arena.file('first', 5000), at('/replaced')));
    const second = arena.file('second', 300);
    expectOk(await jscp(second, at('/replaced')));
    await expectEqualTrees(second, join(arena.sandbox, 'replaced'));
  });

  it('keeps names with spaces, quotes, line breaks, dashes and dots', async () => {
    const root = join(arena.base, 'odd');
    for (const [index, name] of [
      'a b',
      "it's",
      'new\nline',
      '-dash',
      '...',
      '\x1b[2J',
      'a:b',
      'ü',
      '文件',
      '🚀',
    ].entries()) {
      writeFile(join(root, name), 10, index);
    }
    expectOk(await jscp(root, at('/odd')));
    await expectEqualTrees(root, join(arena.sandbox, 'odd'));
  });

  it('follows symbolic links, or ignores them when told to', async () => {
    const root = join(arena.base, 'links');
    writeFile(join(root, 'file'), 100, 1);
    symlinkSync('file', join(root, 'link'));
    expectOk(await jscp(root, at('/followed')));
    expect(statSync(join(arena.sandbox, 'followed/link')).size).toBe(100);
    expectOk(await jscp('--symlinks', 'ignore', root, at('/ignored')));
    expect(() => statSync(join(arena.sandbox, 'ignored/link'))).toThrow('ENOENT');
    expect(statSync(join(arena.sandbox, 'ignored/file')).size).toBe(100);
  });
});

describe('a download', () => {
  beforeAll(async () => {
    expectOk(await jscp(join(arena.source, 'tree'), at('/served')));
  });

  it('of a file and of a directory equals an upload', async () => {
    const out = arena.directory('out');
    expectOk(await jscp(at('/served/run.sh'), join(out, 'run.sh')));
    await expectEqualTrees(join(arena.source, 'tree/run.sh'), join(out, 'run.sh'));
    expectOk(await jscp(at('/served'), join(out, 'whole')));
    await expectEqualTrees(join(arena.source, 'tree'), join(out, 'whole'));
  });

  it('goes into a directory: with a slash, from several sources, and to "."', async () => {
    const out = arena.directory('out-into');
    expectOk(await jscp(at('/served/'), `${out}/`));
    await expectEqualTrees(join(arena.source, 'tree'), join(out, 'served'));
    expectOk(await arena.jscp(server.port, [at('/served/empty'), at('served/large'), '.'], { cwd: out }));
    await expectEqualTrees(join(arena.source, 'tree/large'), join(out, 'large'));
    await expectEqualTrees(join(arena.source, 'tree/empty'), join(out, 'empty'));
  });
});

describe("the primer's examples", () => {
  const names = ['target/my_file', 'project/target/my_file'];
  let file: string;
  beforeAll(() => {
    file = arena.file('my_file', 12_345);
  });

  it('write beneath the sandbox, and beneath -d within it', async () => {
    expectOk(await jscp(file, at('/target/my_file')));
    expectOk(await jscp('-d', '/project', file, at('/target/my_file')));
    for (const name of names) await expectEqualTrees(file, join(arena.sandbox, name));
  });

  it('write at the very place that is named when there is no sandbox', async () => {
    const config = join(arena.base, 'unsandboxed.conf');
    writeFileSync(config, `# all of the system\n--sandbox-dir /\n--log-level=warn\n`);
    const open = await arena.startServer(['--sandbox-dir', '/', '--config', config]);
    const place = join(arena.directory('system'), 'target/my_file');
    expectOk(await arena.jscp(open.port, [file, at(place)]));
    await expectEqualTrees(file, place);
    expectOk(await arena.jscp(open.port, ['-d', arena.base, file, at('/project/my_file')]));
    await expectEqualTrees(file, join(arena.base, 'project/my_file'));
    await open.stop();
  });

  it('write into a directory for each user with %u', async () => {
    mkdirSync(join(arena.base, 'users'));
    const each = await arena.startServer(['--sandbox-dir', join(arena.base, 'users/%u')]);
    const user = userInfo().username;
    expectOk(await arena.jscp(each.port, [file, at('/my_file')]));
    await each.stop();
    rmSync(join(arena.base, 'users', user), { recursive: true });
  });
});

describe('what a copy says', () => {
  it('is a summary on standard error when that is no terminal', async () => {
    const { status, stdout, stderr } = await jscp(arena.file('said', 1000), at('/said'));
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^copied 1 file, 1000 B, in .* \(.*bit\/s\)\n$/);
  });

  it('is nothing with -q', async () => {
    expect(await jscp('-q', arena.file('quiet', 1000), at('/quiet'))).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('is one JSON object a line with --json: progress, each file with its digest, and a summary', async () => {
    const file = arena.file('json', 3_000_000);
    const { status, stdout, stderr } = await jscp('--json', file, at('/json'));
    expect([status, stderr]).toEqual([0, '']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.find(({ event }) => event === 'file')).toMatchObject({
      source: file,
      bytes: 3_000_000,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(events.at(-1)).toMatchObject({ event: 'summary', files: 1, bytes: 3_000_000, failed: 0 });
    expect(events.filter(({ event }) => event === 'progress').at(-1)).toMatchObject({
      totalBytes: 3_000_000,
    });
  });
});
