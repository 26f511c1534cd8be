import { setImmediate } from 'node:timers/promises';
import { SYSTEM_ROOT } from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectedClient, SessionHooks } from '../../client/connected-client.ts';
import type { Link } from '../../client/link.ts';
import type { UploadSource } from '../../client/upload.ts';
import type { Transfer } from '../../contract.ts';
import { FakeUpload } from '../../testing/fake-destination-links.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { DestinationConnection } from './destination-connection.ts';

const IDLE_MS = 60_000;
const source: UploadSource = {
  actAs: undefined,
  sandbox: SYSTEM_ROOT,
  mappings: [],
  symlinks: 'follow',
};
const failure = new JetStreamError('host-unreachable', 'nobody is there');

/** A session as the connection sees it. */
class FakeSession {
  link: Link | undefined = { session: { connection: { stats: undefined } } } as unknown as Link;
  readonly uploads: FakeUpload[] = [];
  endedBy: JetStreamError | undefined;
  readonly hooks: SessionHooks;

  constructor(hooks: SessionHooks) {
    this.hooks = hooks;
  }

  get runningTransfers(): number {
    return this.uploads.length;
  }

  uploadFrom(): Transfer {
    const options = { transferId: '', manifestId: '', destinationPath: '' };
    const upload = new FakeUpload('', options, () => this.uploads.splice(this.uploads.indexOf(upload), 1));
    this.uploads.push(upload);
    return upload;
  }

  async end(why: JetStreamError): Promise<void> {
    this.endedBy = why;
    for (const upload of [...this.uploads]) upload.fail(why);
  }
}

let clock: ManualClock;
let sessions: FakeSession[];
let states: string[];
let failures: JetStreamError[];
let connection: DestinationConnection;
/** Of the next attempt to connect. */
let result: () => Promise<void>;

const upload = () => connection.upload(() => source, {});
const settle = () => setImmediate();

beforeEach(() => {
  clock = new ManualClock();
  [sessions, states, failures] = [[], [], []];
  result = async () => undefined;
  connection = new DestinationConnection({
    clock,
    idleMs: IDLE_MS,
    openSession: async (hooks) => {
      await result();
      const session = new FakeSession(hooks);
      sessions.push(session);
      hooks.onLink?.(session.link!);
      return session as unknown as ConnectedClient;
    },
    onLink: () => undefined,
    onFailure: (error) => failures.push(error),
    onState: () => states.push(connection.state),
    onPackets: () => undefined,
    onUploads: () => undefined,
  });
});

describe('a connection to a destination', () => {
  it('is made when there is something to send, shared, and ended a while after the last of it', async () => {
    expect(connection.state).toBe('disconnected');
    const transfers = [upload(), upload()];
    await settle();
    expect(sessions).toHaveLength(1);
    expect(sessions[0]!.uploads).toHaveLength(2);
    for (const one of [...sessions[0]!.uploads]) one.complete();
    await Promise.all(transfers.map(({ done }) => done));
    await clock.advance(IDLE_MS - 1);
    expect(connection.state).toBe('connected');
    const another = upload();
    await settle();
    await clock.advance(2 * IDLE_MS);
    expect(connection.state).toBe('connected');
    sessions[0]!.uploads[0]!.complete();
    await another.done;
    await clock.advance(IDLE_MS);
    expect(sessions[0]!.endedBy).toBeDefined();
    expect(states).toEqual(['negotiating', 'connected', 'disconnected']);
    expect(clock.isIdle).toBe(true);
  });

  it('that cannot be made fails what waited for it, and is tried again by what comes later', async () => {
    result = () => Promise.reject(failure);
    const [one, other] = [upload(), upload()];
    await expect(one.done).rejects.toBe(failure);
    await expect(other.done).rejects.toBe(failure);
    expect(one.progress.state).toBe('error');
    expect([failures, connection.state]).toEqual([[failure], 'disconnected']);
    result = async () => undefined;
    const later = upload();
    await settle();
    sessions[0]!.uploads[0]!.complete();
    expect(await later.done).toMatchObject({ files: 1 });
  });

  it('does not begin what was cancelled while it was made', async () => {
    const transfer = upload();
    transfer.cancel();
    await expect(transfer.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(transfer.progress.state).toBe('cancelled');
    await settle();
    expect(sessions[0]!.uploads).toEqual([]);
    await clock.advance(IDLE_MS);
    expect(connection.state).toBe('disconnected');
  });

  it('whose source cannot be had fails that transfer alone', async () => {
    const refused = connection.upload(() => {
      throw new JetStreamError('not-found', 'no such manifest');
    }, {});
    const other = upload();
    await expect(refused.done).rejects.toMatchObject({ code: 'not-found' });
    sessions[0]!.uploads[0]!.complete();
    await other.done;
    expect(failures).toEqual([]);
  });

  it('that has ended by itself is told, and another one made for what comes then', async () => {
    const transfer = upload();
    await settle();
    sessions[0]!.hooks.onEnd?.(failure);
    await expect(transfer.done).rejects.toBe(failure);
    expect(failures).toEqual([failure]);
    upload();
    await settle();
    expect([sessions.length, connection.state]).toEqual([2, 'connected']);
  });

  it('that was lost while nobody missed it is given up for another one', async () => {
    const first = upload();
    await settle();
    sessions[0]!.uploads[0]!.complete();
    await first.done;
    await settle();
    sessions[0]!.link = undefined;
    expect(connection.state).toBe('disconnected');
    upload();
    await settle();
    expect(sessions[0]!.endedBy).toBeDefined();
    expect(sessions).toHaveLength(2);
  });

  it('is closed while it is made with the reason for that, and not used afterwards', async () => {
    let open!: () => void;
    result = () =>
      new Promise((resolve) => {
        open = resolve;
      });
    const transfer = upload();
    await settle();
    const closed = connection.close(failure);
    open();
    await closed;
    await expect(transfer.done).rejects.toBe(failure);
    expect(sessions[0]!.endedBy).toBe(failure);
    expect([connection.state, clock.isIdle]).toEqual(['disconnected', true]);
  });
});
