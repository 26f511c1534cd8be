import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize, runJetstream, type ServerProcess, startServer } from '../tools/programs/src/programs.mjs';
import { canRun, expectOk, isRoot } from './support/arena.ts';

const PROBE = `jetstream-probe-${process.pid}`;
const canLink = isRoot && canRun('ip', 'netns', 'add', PROBE) && canRun('ip', 'netns', 'delete', PROBE);
const SENDER = { space: `jetstream01-${process.pid}`, address: '10.86.0.1' };
const RECEIVER = { space: `jetstream02-${process.pid}`, address: '10.86.0.2' };
const HOSTS = `127.0.0.1 localhost\n${SENDER.address} jetstream01.lan\n${RECEIVER.address} jetstream02.lan\n`;

const ip = (words: string) => execFileSync('ip', words.split(' '));

describe.skipIf(!canLink)(`two servers on two machines${canLink ? '' : ' (needs root and ip netns)'}`, () => {
  const base = mkdtempSync(join(tmpdir(), 'jetstream-primer-'));
  const directory = (...names: string[]) => {
    const path = join(base, ...names);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const env = { HOME: base, JETSTREAM_CONFIG_DIR: directory('config'), SSH_AUTH_SOCK: undefined };
  const within = ({ space }: { space: string }) => ({ env, wrapper: ['ip', 'netns', 'exec', space] });
  const servers: ServerProcess[] = [];

  async function start(host: typeof SENDER, name: string): Promise<void> {
    const sandbox = ['--api', '--sandbox-dir', directory(name, 'storage')];
    const state = ['--persistent-state-dir', directory(name, 'state'), '--log-level', 'warn'];
    servers.push(await startServer([...sandbox, ...state], within(host)));
  }

  /** A line as it is typed at the sender. */
  async function type(line: string): Promise<Record<string, unknown>> {
    const [program, ...words] = line.split(' ');
    expect(program).toBe('jetstream');
    const finished = await runJetstream(words, within(SENDER));
    expectOk(finished);
    return JSON.parse(finished.stdout);
  }

  beforeAll(async () => {
    for (const { space } of [SENDER, RECEIVER]) {
      ip(`netns add ${space}`);
      mkdirSync(`/etc/netns/${space}`, { recursive: true });
      writeFileSync(`/etc/netns/${space}/hosts`, HOSTS);
    }
    ip(`-n ${SENDER.space} link add wire type veth peer name wire netns ${RECEIVER.space}`);
    for (const { space, address } of [SENDER, RECEIVER]) {
      ip(`-n ${space} address add ${address}/24 dev wire`);
      for (const device of ['lo', 'wire']) ip(`-n ${space} link set ${device} up`);
    }
    await authorize(env.JETSTREAM_CONFIG_DIR, directory('receiver', 'state'));
    await Promise.all([start(SENDER, 'sender'), start(RECEIVER, 'receiver')]);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop('SIGKILL')));
    for (const { space } of [SENDER, RECEIVER]) {
      rmSync(`/etc/netns/${space}`, { recursive: true, force: true });
      canRun('ip', 'netns', 'delete', space);
    }
    // Unless somebody else has something in it.
    canRun('rmdir', '/etc/netns');
    rmSync(base, { recursive: true, force: true });
  });

  it('carry out the three commands of the primer, without a password', async () => {
    const content = Buffer.alloc(300_000, 'my file');
    writeFileSync(join(directory('sender', 'storage', 'source'), 'my_file'), content);
    const { destinationId } = await type(
      'jetstream api createDestination --destinationAddress=jetstream02.lan --sendRateMax=1500000',
    );
    const { manifestId } = await type(
      'jetstream api createManifest --fileMappings /source/my_file:/target/my_file',
    );
    expect(await type(`jetstream api waitForManifest --manifestId ${manifestId}`)).toMatchObject({
      totalFiles: 1,
    });
    const { transferId } = await type(
      `jetstream api createTransfer --destinationId ${destinationId} --manifestId ${manifestId} --destinationPath /project`,
    );
    const transfer = await type(`jetstream api waitForTransfer --transferId ${transferId}`);
    expect(transfer).toMatchObject({ status: 'complete', totalBytes: content.length, errorMessage: null });
    const received = join(base, 'receiver', 'storage', 'project', 'target', 'my_file');
    expect(readFileSync(received).equals(content)).toBe(true);
    const destination = await type(`jetstream api getDestination --destinationId ${destinationId}`);
    expect(destination).toMatchObject({
      destinationAddress: 'jetstream02.lan',
      destinationIP: RECEIVER.address,
      encryptedConnectionState: 'connected',
      sendRateMax: 1_500_000,
    });
  });
});
