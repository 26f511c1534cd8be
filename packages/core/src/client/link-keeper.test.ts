import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.ts';
import { type KeptLink, LinkKeeper, type LinkKeeperOptions } from './link-keeper.ts';

const MINUTE = 60_000;

const failure = (code: ErrorCode) => new JetStreamError(code, `because of ${code}`);

class FakeLink implements KeptLink {
  packetsReceived = 0;
  onClosed: (why: JetStreamError) => void = () => undefined;
  /** What it says when it is asked for a sign of life. */
  isAlive = false;
  endedBy: JetStreamError | undefined;

  async answers(): Promise<boolean> {
    if (this.isAlive) this.packetsReceived++;
    return this.isAlive;
  }

  abandon(why: JetStreamError): void {
    if (this.endedBy !== undefined) return;
    this.endedBy = why;
    this.onClosed(why);
  }
}

/** A server as its client sees it, and what the client does about it. */
class Situation {
  readonly clock = new ManualClock();
  readonly first = new FakeLink();
  readonly links: FakeLink[] = [];
  /** When each attempt began, and how long it was to take. */
  readonly attempts: { atMs: number; timeoutMs: number }[] = [];
  /** Of attempts to find the server; undefined: it is found. */
  findFails: ErrorCode | undefined = 'host-unreachable';
  findTakesMs = 0;
  loginFails: ErrorCode | undefined;
  /** Sees to it that a login is under way for good. */
  loginHangs = false;
  drops = 0;
  wanted = true;
  end: JetStreamError | undefined;
  keeper: LinkKeeper<FakeLink>;

  constructor(options: Partial<LinkKeeperOptions<FakeLink>> = {}, isTrusted = true) {
    this.keeper = new LinkKeeper(this.first, {
      host: 'there',
      find: (timeoutMs, signal) => this.#find(timeoutMs, signal),
      reconnectTimeoutMs: 10 * MINUTE,
      connectTimeoutMs: 10_000,
      clock: this.clock,
      random: () => 0,
      isWanted: () => this.wanted,
      onLink: (link) => this.links.push(link),
      onEnd: (why) => {
        this.end = why;
      },
      ...options,
    });
    if (isTrusted) this.keeper.trust();
    this.keeper.reconsider();
  }

  /** Packets come all the time. */
  async hear(link: FakeLink, forMs: number): Promise<void> {
    for (let leftMs = forMs; leftMs > 0; leftMs -= 1_000) {
      link.packetsReceived++;
      await this.clock.advance(Math.min(1_000, leftMs));
    }
  }

  async #find(timeoutMs: number, signal: AbortSignal) {
    this.attempts.push({ atMs: this.clock.nowMs(), timeoutMs });
    await new Promise<void>((resolve, reject) => {
      this.clock.after(this.findTakesMs, resolve);
      signal.addEventListener('abort', () => reject(failure('cancelled')));
    });
    if (this.findFails !== undefined) throw failure(this.findFails);
    let dropped: (error: Error) => void = () => undefined;
    return {
      logIn: async () => {
        if (this.loginHangs) await new Promise((_, reject) => (dropped = reject));
        if (this.loginFails !== undefined) throw failure(this.loginFails);
        return Object.assign(new FakeLink(), { isAlive: true });
      },
      drop: () => {
        this.drops++;
        dropped(failure('none'));
      },
    };
  }
}

describe('a lost link', () => {
  let situation: Situation;
  beforeEach(() => {
    situation = new Situation();
  });

  it('is followed by another one at once, when the server is there', async () => {
    situation.findFails = undefined;
    situation.first.onClosed(failure('server-closing'));
    expect(situation.keeper.link).toBeUndefined();
    await situation.clock.advance(0);
    expect(situation.links).toHaveLength(1);
    expect(situation.keeper.link).toBe(situation.links[0]);
  });

  it('has attempts that begin ever later after each other, from 0.5 s to 10 s', async () => {
    situation.first.onClosed(failure('connection-lost'));
    await situation.clock.advance(MINUTE);
    const times = situation.attempts.map(({ atMs }) => atMs);
    expect(times).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 25_500, 35_500, 45_500, 55_500]);
  });

  it('has up to half of each back-off taken away by chance', async () => {
    situation = new Situation({ random: () => 0.5 });
    situation.first.onClosed(failure('connection-lost'));
    await situation.clock.advance(4_000);
    expect(situation.attempts.map(({ atMs }) => atMs)).toEqual([0, 375, 1_125, 2_625]);
  });

  it('has one attempt at a time', async () => {
    situation.findTakesMs = 9_000;
    situation.first.onClosed(failure('connection-lost'));
    await situation.clock.advance(30_000);
    expect(situation.attempts.map(({ atMs }) => atMs)).toEqual([0, 9_000, 18_000, 27_000]);
  });

  it('is given up when the time is over since the server was last heard, with what ended it', async () => {
    await situation.hear(situation.first, 20_000);
    await situation.clock.advance(3_000);
    situation.first.onClosed(failure('connection-lost'));
    await situation.clock.advance(10 * MINUTE - 5_000);
    expect(situation.end).toBeUndefined();
    await situation.clock.advance(3_000);
    expect(situation.end).toMatchObject({ code: 'connection-lost', subject: 'there' });
    expect(situation.end!.message).toMatch(
      /^because of connection-lost; there could not be reached again within 10 min 0 s/,
    );
    expect(situation.attempts.at(-1)!.timeoutMs).toBeLessThan(10_000);
    expect(situation.clock.isIdle).toBe(true);
  });

  it.each(['login-refused', 'host-key-changed', 'version-mismatch', 'protocol-violation'] as const)(
    'is given up at once when the answer is %s',
    async (code) => {
      situation.findFails = undefined;
      situation.loginFails = code;
      situation.first.onClosed(failure('connection-lost'));
      await situation.clock.advance(0);
      expect(situation.end?.code).toBe(code);
      expect(situation.clock.isIdle).toBe(true);
    },
  );

  it.each(['host-unresolved', 'host-unreachable', 'handshake-failed'] as const)(
    'is not given up for %s',
    async (code) => {
      situation.findFails = code;
      situation.first.onClosed(failure('connection-lost'));
      await situation.clock.advance(MINUTE);
      situation.findFails = undefined;
      await situation.clock.advance(MINUTE);
      expect(situation.links).toHaveLength(1);
    },
  );

  it('is not ridden out where nobody wants that, nor before the login, nor what was said on purpose', () => {
    const { keeper } = new Situation({ reconnectTimeoutMs: 0 });
    expect(keeper.ridesOut(failure('connection-lost'))).toBe(false);
    for (const code of [
      'protocol-violation',
      'internal',
      'cancelled',
      'disk-full',
      'limit-exceeded',
    ] as const)
      expect(situation.keeper.ridesOut(failure(code)), code).toBe(false);
    for (const code of ['connection-lost', 'server-closing', 'none'] as const)
      expect(situation.keeper.ridesOut(failure(code)), code).toBe(true);
    situation.first.onClosed(failure('internal'));
    expect(situation.end?.code).toBe('internal');
  });

  it('counts its time on while new links do not last, and keeps its back-off', async () => {
    situation.findFails = undefined;
    situation.first.onClosed(failure('connection-lost'));
    for (let second = 0; second < 700 && situation.end === undefined; second++) {
      await situation.clock.advance(1_000);
      situation.keeper.link?.onClosed(failure('none'));
    }
    expect(situation.end?.code).toBe('none');
    expect(situation.links.length).toBeLessThan(80);
  });

  it('after a link that lasted is another outage, with its own time and back-off', async () => {
    await situation.hear(situation.first, 5_000);
    situation.first.onClosed(failure('connection-lost'));
    await situation.clock.advance(9 * MINUTE);
    situation.findFails = undefined;
    await situation.clock.advance(10_000);
    await situation.hear(situation.links[0]!, 20_000);
    situation.findFails = 'host-unreachable';
    situation.attempts.length = 0;
    situation.links[0]!.onClosed(failure('connection-lost'));
    await situation.clock.advance(9 * MINUTE);
    expect(situation.end).toBeUndefined();
    expect(situation.attempts[1]!.atMs - situation.attempts[0]!.atMs).toBe(500);
  });

  it('is let be while nothing is under way, and has its full time when something is again', async () => {
    situation.first.onClosed(failure('connection-lost'));
    await situation.clock.advance(1_000);
    situation.wanted = false;
    situation.keeper.reconsider();
    await situation.clock.advance(60 * MINUTE);
    expect(situation.clock.isIdle).toBe(true);
    expect(situation.attempts).toHaveLength(2);
    situation.wanted = true;
    situation.findFails = undefined;
    situation.keeper.reconsider();
    await situation.clock.advance(0);
    expect(situation.links).toHaveLength(1);
  });

  it('says since when and until when', async () => {
    situation.first.onClosed(failure('connection-lost'));
    await situation.clock.advance(12_000);
    expect(situation.keeper.describeOutage()).toBe(
      'the link to there, lost 12 s ago; trying for 9 min 48 s more',
    );
  });

  it('may be cancelled at any moment', async () => {
    situation.findFails = undefined;
    situation.loginHangs = true;
    situation.first.onClosed(failure('connection-lost'));
    await situation.clock.advance(100);
    situation.keeper.close(failure('cancelled'));
    await situation.clock.advance(MINUTE);
    expect(situation).toMatchObject({ drops: 1, links: [], end: { code: 'cancelled' } });
    expect(situation.clock.isIdle).toBe(true);
  });
});

describe('a silent link', () => {
  let situation: Situation;
  beforeEach(async () => {
    situation = new Situation();
    situation.findFails = undefined;
    await situation.hear(situation.first, 3_000);
  });

  it('is left for a server that answers anew, after 4 s', async () => {
    await situation.clock.advance(2_900);
    expect(situation.attempts).toHaveLength(0);
    await situation.clock.advance(2_000);
    expect(situation.keeper.link).toBe(situation.links[0]);
    expect(situation.first.endedBy?.code).toBe('connection-lost');
  });

  it('stays when it gives a sign of life on being asked, and nobody connects', async () => {
    situation.first.isAlive = true;
    await situation.clock.advance(MINUTE);
    expect(situation.attempts).toHaveLength(0);
    expect(situation.keeper.link).toBe(situation.first);
  });

  it('stays when it is heard before the other is found', async () => {
    situation.findTakesMs = 8_000;
    await situation.clock.advance(6_000);
    expect(situation.attempts).toHaveLength(1);
    await situation.hear(situation.first, 10_000);
    expect(situation.links).toEqual([]);
    expect(situation.keeper.link).toBe(situation.first);
  });

  it('stays when the path carries again and it answers', async () => {
    situation.findTakesMs = 3_000;
    await situation.clock.advance(6_000);
    situation.first.isAlive = true;
    await situation.clock.advance(5_000);
    expect(situation).toMatchObject({ links: [], drops: 1 });
    expect(situation.keeper.link).toBe(situation.first);
  });

  it('is not looked after while nothing is under way', async () => {
    situation.wanted = false;
    situation.keeper.reconsider();
    await situation.clock.advance(10 * MINUTE);
    expect(situation.attempts).toHaveLength(0);
    expect(situation.clock.isIdle).toBe(true);
    situation.wanted = true;
    situation.keeper.reconsider();
    await situation.clock.advance(3_000);
    expect(situation.attempts).toHaveLength(0);
  });

  it('is left alone where no lost link is to be ridden out, and before the login', async () => {
    situation = new Situation({ reconnectTimeoutMs: 0 });
    await situation.clock.advance(MINUTE);
    const untrusted = new Situation({}, false);
    await untrusted.clock.advance(MINUTE);
    expect([situation.attempts, untrusted.attempts]).toEqual([[], []]);
    untrusted.findFails = undefined;
    untrusted.keeper.trust();
    await untrusted.clock.advance(MINUTE);
    expect(untrusted.attempts).toHaveLength(1);
  });

  it('that ends during an attempt on the side is followed by what that finds', async () => {
    situation.findTakesMs = 8_000;
    await situation.clock.advance(6_000);
    situation.first.onClosed(failure('connection-lost'));
    await situation.clock.advance(8_000);
    expect(situation.attempts).toHaveLength(1);
    expect(situation.links).toHaveLength(1);
  });

  it('ends with what a server says that answers on the side and refuses', async () => {
    situation.loginFails = 'host-key-changed';
    await situation.clock.advance(10_000);
    expect(situation.end?.code).toBe('host-key-changed');
    expect(situation.first.endedBy?.code).toBe('host-key-changed');
  });
});
