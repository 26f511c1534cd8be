import type { ApiClient } from '@jetstream/core/api-client';
import { JetStreamError } from '@jetstream/protocol';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createView } from '../copy-view.ts';
import { FollowedCopy } from './followed-copy.ts';
import { ViaSession } from './via-session.ts';

const ID = 'a'.repeat(32);
const ZERO = { errorCode: null, errorMessage: null, failures: [], attempts: 1, totalBytes: 0, filesDone: 0 };
const lost = () => new JetStreamError('connection-lost', 'gone');

/** What the server says the transfer is, in this order; an error ends the connection. */
let says: (Record<string, unknown> | JetStreamError)[];
/** Commands that change something. */
let calls: string[];
let stderr: string;
let stop: AbortController;
/** What cancelling does. */
let cancel: () => unknown;
const connect = vi.fn();

beforeEach(() => {
  says = [];
  calls = [];
  stderr = '';
  stop = new AbortController();
  cancel = () => ({});
  connect.mockReset().mockImplementation(async () => new TestApi() as unknown as ApiClient);
});

/** As far as it is called. */
class TestApi {
  async call(command: string) {
    switch (command) {
      case 'send.getTransfer':
        return next();
      case 'send.getManifest':
        return { totalDirectories: 2 };
      case 'send.cancelTransfer':
        calls.push(command);
        return cancel();
    }
  }

  async subscribe() {
    return Object.assign(events(), { close: () => {} });
  }

  async close() {}
}

async function* events() {
  for (;;) {
    if (stop.signal.aborted) return;
    yield { _event: 'transferProgress', transferId: 'another' };
    yield { _event: 'transferUpdated', transferId: ID, ...next() };
  }
}

function next(): Record<string, unknown> {
  const said = says.shift();
  if (said === undefined) {
    stop.abort();
    throw lost();
  }
  if (said instanceof JetStreamError) throw said;
  return { ...ZERO, ...said };
}

/** @returns the exit status */
async function follow(
  options: { leaveRunning?: boolean; reconnectTimeoutMs?: number; verify?: boolean } = {},
) {
  const { leaveRunning = false, reconnectTimeoutMs = 600_000, verify = false } = options;
  const output = { write: (text: string) => (stderr += text) };
  const view = await createView('progress', { stdout: output, stderr: output }, verify);
  const session = await ViaSession.open({
    connect,
    reconnectTimeoutMs,
    signal: stop.signal,
    onLost: ({ message }) => view.note(`lost: ${message}`),
    onBack: () => view.note('back'),
  });
  const via = { user: undefined, host: 'a.lan', port: 8886 };
  const followed = { via, destination: 'b.lan', verify, leaveRunning, reconnectTimeoutMs };
  const ids = { transferId: ID, manifestId: ID };
  return new FollowedCopy(session, ids, followed, view, stop.signal).run();
}

describe('a copy that another server carries out', () => {
  it('is followed to its end', async () => {
    says = [
      { status: 'pending' },
      { status: 'inProgress' },
      { status: 'complete', filesDone: 3, bytesDurable: 7 },
    ];
    expect(await follow()).toBe(0);
    expect(stderr).toMatch(/^copied 3 files in 2 directories, 7 B/);
    expect(calls).toEqual([]);
  });

  it('tells each failed file once, and exits with the status of their cause', async () => {
    const failures = [
      { source: '/a', target: '/x/a', errorCode: 'already-exists', errorMessage: 'is there' },
    ];
    const failed = { failures, filesFailed: 2, filesDone: 1 };
    says = [
      { status: 'inProgress', ...failed },
      { status: 'error', errorCode: 'transfer-failed', ...failed },
    ];
    expect(await follow()).toBe(15);
    expect(stderr.match(/is there/g)).toHaveLength(1);
    expect(stderr).toContain('2 of 3 files not copied; not all are named');
  });

  it('is found again when the connection is lost, for as long as that is ridden out', async () => {
    says = [{ status: 'inProgress' }, lost(), { status: 'inProgress' }, { status: 'complete' }];
    expect(await follow()).toBe(0);
    expect(stderr).toMatch(/^jscp: lost: gone\njscp: back\n/);
    expect(connect).toHaveBeenCalledTimes(2);

    stderr = '';
    says = [{ status: 'inProgress' }, lost(), { status: 'complete' }];
    await expect(follow({ reconnectTimeoutMs: 0 })).rejects.toMatchObject({ code: 'connection-lost' });
    expect(stderr).toMatch(
      /goes on at a\.lan; it is followed by: jetstream api --host a\.lan waitForTransfer/,
    );

    says = [{ status: 'inProgress' }, new JetStreamError('host-key-changed', 'another')];
    await expect(follow()).rejects.toMatchObject({ code: 'host-key-changed' });
  });

  it('that cannot begin is taken back, unless it is to be left running', async () => {
    const waiting = { status: 'pending', errorCode: 'host-unreachable', errorMessage: 'b.lan is silent' };
    says = [{ status: 'pending' }, waiting];
    await expect(follow()).rejects.toMatchObject({ code: 'host-unreachable', message: 'b.lan is silent' });
    expect(calls).toEqual(['send.cancelTransfer']);

    calls = [];
    says = [waiting, { status: 'complete' }];
    expect(await follow({ leaveRunning: true })).toBe(0);
    expect(calls).toEqual([]);
  });

  it('rides out a link between the servers that was there, and no other error', async () => {
    const begun = { totalBytes: 512, blocksAcked: 1 };
    says = [
      { status: 'pending', errorCode: 'connection-lost', errorMessage: 'b', ...begun },
      { status: 'inProgress', ...begun },
      { status: 'complete', ...begun },
    ];
    expect(await follow()).toBe(0);
    says = [{ status: 'pending', errorCode: 'disk-full', errorMessage: 'no room', ...begun }];
    await expect(follow()).rejects.toMatchObject({ code: 'disk-full', message: 'b.lan: no room' });
  });

  it('is cancelled by Ctrl-C, or left running, or had ended before', async () => {
    says = [{ status: 'inProgress' }];
    await expect(follow()).rejects.toMatchObject({ code: 'cancelled' });
    expect(calls).toEqual(['send.cancelTransfer']);

    stop = new AbortController();
    calls = [];
    says = [{ status: 'inProgress' }];
    await expect(follow({ leaveRunning: true })).rejects.toMatchObject({ code: 'cancelled' });
    expect(calls).toEqual([]);
    expect(stderr).toContain(`waitForTransfer --transferId ${ID}`);

    stop = new AbortController();
    says = [{ status: 'inProgress' }];
    cancel = () => {
      says = [{ status: 'complete', filesDone: 1 }];
      throw new JetStreamError('conflict', 'it has ended');
    };
    expect(await follow()).toBe(0);

    stop = new AbortController();
    stderr = '';
    says = [{ status: 'inProgress' }];
    cancel = () => {
      throw lost();
    };
    await expect(follow()).rejects.toMatchObject({ code: 'cancelled' });
    expect(stderr).toContain('could not be cancelled (gone), and goes on at a.lan');
  });
});
