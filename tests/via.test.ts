import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize, type Finished, runJetstream } from '../tools/programs/src/programs.mjs';
import {
  Arena,
  expectEqualTrees,
  expectOk,
  expectRefusal,
  type RunningCopy,
  type ServerProcess,
} from './support/arena.ts';

let arena: Arena;
let near: ServerProcess;
let far: ServerProcess;
/** What the server that receives shows to clients. */
let storage: string;

beforeAll(async () => {
  arena = await Arena.create();
  near = await arena.startServer(['--api-port', '0', '--api-host', '127.0.0.1']);
  storage = arena.directory('storage');
  const state = join(arena.base, 'state-of-far');
  await authorize(arena.config, state);
  far = await arena.startServer(['--sandbox-dir', storage, '--persistent-state-dir', state]);
});
afterAll(() => arena.close());

const via = () => ['--via', `127.0.0.1:${near.apiPort}`];
const copy = (...words: string[]): Promise<Finished> => arena.jscp(far.port, [...via(), ...words]);
const start = (...words: string[]): RunningCopy => arena.startJscp(far.port, [...via(), ...words]);

async function api(command: string, ...words: string[]) {
  const place = ['--host', '127.0.0.1', '--api-control-port', String(near.apiPort)];
  const finished = await runJetstream(['api', ...place, command, ...words], { env: arena.environment });
  expectOk(finished);
  return JSON.parse(finished.stdout);
}

/** A file of the server that sends. */
function put(name: string, content: string | Buffer): void {
  writeFileSync(join(arena.sandbox, name), content);
}

const idIn = (text: string): string => /"transferId":"([0-9a-f]{32})"/.exec(text)![1]!;
/** So slow that it takes 4 s and more. */
const SLOW = ['-l', '8M'];
const BIG = Buffer.alloc(4_000_000, 'big');

describe('jscp --via', () => {
  it('has one server copy a tree to another, and says what was there already the second time', async () => {
    const tree = join(arena.sandbox, 'tree');
    mkdirSync(join(tree, 'sub/empty'), { recursive: true });
    writeFileSync(join(tree, 'a'), Buffer.alloc(300_000, 'a'));
    writeFileSync(join(tree, 'sub/b'), 'b');

    const first = await copy('-d', '/project', '/tree', '127.0.0.1:/in/');
    expectOk(first);
    await expectEqualTrees(tree, join(storage, 'project/in/tree'));
    expect(first.stderr).toMatch(/^copied 2 files in 3 directories, 293 KiB, in .*\n$/);

    writeFileSync(join(tree, 'sub/c'), 'c');
    const second = await copy('--json', '-d', '/project', '/tree', '127.0.0.1:/in/');
    expectOk(second);
    const lines = second.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ event: 'submitted' });
    expect(lines.at(-1)).toMatchObject({
      ...{ event: 'summary', files: 3, skippedFiles: 2, directories: 3, failed: 0 },
      ...{ bytes: 300_002, presentBytes: 300_001 },
    });
    expect(await api('getTransfer', '--transferId', lines[0].transferId)).toMatchObject({
      status: 'complete',
      filesSkipped: 2,
    });
  });

  it('names what failed, and exits with the status of its cause', async () => {
    put('old', 'old');
    put('new', 'newer');
    expectOk(await copy('/old', '127.0.0.1:/kept'));
    const kept = await copy('--overwrite', 'never', '/new', '127.0.0.1:/kept');
    expectRefusal(kept, 15, /^jscp: .*kept/);
    expect(readFileSync(join(storage, 'kept'), 'utf8')).toBe('old');
    expectRefusal(await copy('/none', '127.0.0.1:/x'), 10, /\/none/);

    const differs = await copy('--verify', '/new', '/old', '127.0.0.1:/compared/');
    expect(differs.status).toBe(14);
    expect(differs.stderr).toMatch(/compared\/new is not there/);

    // Nobody waits a day for a host that has no address.
    const nowhere = await copy('/new', 'nowhere.invalid:/x');
    expectRefusal(nowhere, 3, /nowhere\.invalid/);
    const { transferId } = (await api('getTransfers', '--order', 'newest', '--limit', '1'))[0];
    expect(await api('getTransfer', '--transferId', transferId)).toMatchObject({ status: 'cancelled' });
  });

  it('cancels the copy upon Ctrl-C', async () => {
    put('big', BIG);
    const running = start(...SLOW, '/big', '127.0.0.1:/cancelled');
    await running.untilAcked(1);
    running.child.kill('SIGINT');
    const { status, stdout } = await running.finished;
    expect(status).toBe(130);
    expect(await api('getTransfer', '--transferId', idIn(stdout))).toMatchObject({ status: 'cancelled' });
    expect(readdirSync(storage)).not.toContain('cancelled');
  });

  it('leaves the copy running when told, or does not follow it at all', async () => {
    put('big', BIG);
    const running = start('-l', '12M', '--leave-running', '/big', '127.0.0.1:/left');
    await running.untilAcked(1);
    running.child.kill('SIGINT');
    const { status, stdout, stderr } = await running.finished;
    expect(status).toBe(130);
    const words = /followed by: jetstream (api .*)$/m.exec(stderr)![1]!.split(' ');
    expect(words.at(-1)).toBe(idIn(stdout));
    const waited = await runJetstream(words, { env: arena.environment });
    expectOk(waited);
    expect(JSON.parse(waited.stdout)).toMatchObject({ status: 'complete' });
    expect(readFileSync(join(storage, 'left')).equals(BIG)).toBe(true);

    put('small', 'small');
    const detached = await copy('--detach', '/small', '127.0.0.1:/detached');
    expectOk(detached);
    expect(detached.stdout).toMatch(/^[0-9a-f]{32}\n$/);
    expect(await api('waitForTransfer', '--transferId', detached.stdout.trim())).toMatchObject({
      status: 'complete',
    });
    rmSync(join(storage, 'detached'));
  });
});
