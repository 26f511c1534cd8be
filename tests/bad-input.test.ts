import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../tools/lossy-proxy/src/seeded-random.mjs';
import { writeFile } from '../tools/programs/src/tree.mjs';
import {
  Arena,
  canRun,
  expectEqualTrees,
  expectOk,
  expectRefusal,
  isRoot,
  type ServerProcess,
} from './support/arena.ts';
import { HostilePeer } from './support/hostile-peer.ts';
import { portOfNobody } from './support/port-of-nobody.ts';

let arena: Arena;
let server: ServerProcess;
let file: string;

beforeAll(async () => {
  arena = await Arena.create();
  server = await arena.startServer();
  file = arena.file('file', 100_000);
});
afterAll(() => arena.close());
/** Whatever a client did, the next one is served. */
afterEach(() => arena.expectWorking(server));

const jscp = (...parameters: string[]) => arena.jscp(server.port, parameters);
const received = (name: string) => join(arena.sandbox, name);

describe('a command line', () => {
  it('with an unknown option is refused', async () => {
    expectRefusal(await jscp('--frobnicate', file, '127.0.0.1:/x'), 2, /unknown option --frobnicate/);
  });

  it('without a remote side is refused', async () => {
    expectRefusal(await jscp(file, 'elsewhere'), 2, /both local/);
  });
});

describe('a source', () => {
  it('that does not exist is named', async () => {
    expectRefusal(await jscp(`${file}-missing`, '127.0.0.1:/x'), 10, /no file or directory ".*file-missing"/);
    expect(existsSync(received('x'))).toBe(false);
  });

  it('that does not exist at the server is named', async () => {
    const target = join(arena.base, 'never');
    expectRefusal(await jscp('127.0.0.1:/nothing-here', target), 10, /nothing-here/);
    expect(existsSync(target)).toBe(false);
  });

  const withoutOverride = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all'];
  const canBeUnreadable = !isRoot || canRun(withoutOverride[0]!, ...withoutOverride.slice(1), 'true');
  it.skipIf(!canBeUnreadable)(
    'that may not be read is named, and the others arrive (as root this needs setpriv)',
    async () => {
      const root = join(arena.base, 'partly-readable');
      writeFile(join(root, 'readable'), 1000, 1);
      writeFile(join(root, 'secret'), 1000, 2, { mode: 0o000 });
      const alone = await arena.jscp(server.port, [join(root, 'secret'), '127.0.0.1:/secret'], {
        wrapper: isRoot ? withoutOverride : [],
      });
      expectRefusal(alone, 11, /secret/);
      expect(existsSync(received('secret'))).toBe(false);

      const together = await arena.jscp(server.port, [root, '127.0.0.1:/partly'], {
        wrapper: isRoot ? withoutOverride : [],
      });
      expect(together.status, together.stderr).toBe(11);
      expect(together.stderr).toMatch(/secret/);
      expect(together.stderr).toMatch(/jscp: 1 of 2 files not copied\n$/);
      expect(readdirSync(received('partly'))).toEqual(['readable']);
    },
  );

  it('that is a device or a FIFO is refused by name', async () => {
    expectRefusal(await jscp('/dev/null', '127.0.0.1:/null'), 6, /\/dev\/null/);
    expect(existsSync(received('null'))).toBe(false);
  });
});

describe('a host', () => {
  it('that has no address is named', async () => {
    expectRefusal(await jscp(file, 'no-such-host.invalid:/x'), 3, /no-such-host\.invalid/);
  });

  it('that does not answer is given up after the time to connect, and it is said what was tried', async () => {
    const silent = await HostilePeer.silent();
    try {
      const finished = await arena.jscp(silent.port, ['--connect-timeout', '1', file, '127.0.0.1:/x']);
      expectRefusal(finished, 3, new RegExp(`127\\.0\\.0\\.1.*${silent.port}`));
      expect(silent.received).toBeGreaterThan(0);
    } finally {
      silent.close();
    }
  });

  it('where nothing listens is said to be unreachable', async () => {
    const port = await portOfNobody();
    const finished = await arena.jscp(port, ['--connect-timeout', '1', file, '127.0.0.1:/x']);
    expectRefusal(finished, 3, /127\.0\.0\.1/);
  });

  it('that speaks another version is told apart', async () => {
    const other = await HostilePeer.ofAnotherVersion();
    try {
      expectRefusal(await arena.jscp(other.port, [file, '127.0.0.1:/x']), 9, /version/);
    } finally {
      other.close();
    }
  });

  it('that answers with garbage counts as one that does not answer', async () => {
    const garbage = await HostilePeer.garbage(1);
    try {
      const finished = await arena.jscp(garbage.port, ['--connect-timeout', '1', file, '127.0.0.1:/x']);
      expectRefusal(finished, 3, /127\.0\.0\.1/);
    } finally {
      garbage.close();
    }
  });

  it('whose key is not known is refused with its fingerprint, and --accept-new is named', async () => {
    const config = arena.directory('config-new');
    const finished = await arena.jscp(server.port, [
      '--known-hosts',
      join(config, 'none'),
      file,
      '127.0.0.1:/x',
    ]);
    expectOk(finished);
    const refused = await arena.jscpWithoutAcceptNew(server.port, [
      '--known-hosts',
      join(config, 'other'),
      file,
      '127.0.0.1:/unknown',
    ]);
    expectRefusal(refused, 4, /SHA256:[\w+/=-]+.*--accept-new/);
    expect(server.log).toContain(/SHA256:[\w+/=-]+/.exec(refused.stderr)![0]);
    expect(existsSync(received('unknown'))).toBe(false);
  });

  it('whose key has changed is refused, even with --accept-new', async () => {
    const state = arena.directory('state-changed');
    const knownHosts = join(arena.base, 'known-changed');
    const options = ['--persistent-state-dir', state];
    const first = await arena.startServer();
    expectOk(await arena.jscp(first.port, ['--known-hosts', knownHosts, file, '127.0.0.1:/before']));
    await first.stop();
    const impostor = await arena.startServer([...options, '--recv-port', String(first.port)]);
    const finished = await arena.jscp(first.port, ['--known-hosts', knownHosts, file, '127.0.0.1:/after']);
    expectRefusal(finished, 4, /changed/);
    expect(existsSync(received('after'))).toBe(false);
    await impostor.stop();
  });
});

describe('a login', () => {
  it('with a key that is not listed is refused, and nothing is written', async () => {
    const stranger = { JETSTREAM_CONFIG_DIR: arena.directory('config-stranger') };
    const finished = await arena.jscp(server.port, [file, '127.0.0.1:/stranger'], { env: stranger });
    expectRefusal(finished, 5, /authorized_keys/);
    expect(existsSync(received('stranger'))).toBe(false);
  });

  it('as another user is refused', async () => {
    for (const user of ['nobody', 'no-such-user', '..', `${userInfo().username}\n`]) {
      expectRefusal(await jscp(file, `${user}@127.0.0.1:/other`), 5, /./);
    }
    expect(existsSync(received('other'))).toBe(false);
  });
});

describe('a target', () => {
  it.each(['/../outside', '../outside', '/a/../../outside'])(
    'outside the sandbox (%s) is refused',
    async (path) => {
      expectRefusal(await jscp(file, `127.0.0.1:${path}`), 6, /outside/);
      expect(existsSync(join(arena.base, 'outside'))).toBe(false);
    },
  );

  it('outside the sandbox by a symbolic link is refused', async () => {
    symlinkSync(arena.base, received('way-out'));
    expectRefusal(await jscp(file, '127.0.0.1:/way-out/escaped'), 6, /way-out/);
    expect(existsSync(join(arena.base, 'escaped'))).toBe(false);
  });

  it('that is a directory is refused, and it is said what to write', async () => {
    mkdirSync(received('directory'));
    expectRefusal(await jscp(file, '127.0.0.1:/directory'), 12, /directory.*end the target with \//);
    expect(readdirSync(received('directory'))).toEqual([]);
  });

  it('that is a local directory is refused', async () => {
    expectOk(await jscp(file, '127.0.0.1:/to-fetch'));
    const target = arena.directory('local-directory');
    expectRefusal(await jscp('127.0.0.1:/to-fetch', target), 12, /local-directory/);
    expect(readdirSync(target)).toEqual([]);
  });

  it('below a file is refused', async () => {
    expectOk(await jscp(file, '127.0.0.1:/plain'));
    expectRefusal(await jscp(file, '127.0.0.1:/plain/below'), 12, /plain/);
    await expectEqualTrees(file, received('plain'));
  });

  const canMount = isRoot && canRun('unshare', '--mount', 'true');
  it.skipIf(!canMount)(
    'on a full disk is named (needs root and unshare, to mount a small tmpfs)',
    async () => {
      const small = arena.directory('small');
      const mount = `mount -t tmpfs -o size=8m tmpfs '${small}' && exec "$@"`;
      const full = await arena.startServer(['--sandbox-dir', small], {
        wrapper: ['unshare', '--mount', 'sh', '-c', mount, 'sh'],
      });
      const large = arena.file('too-large', 20_000_000);
      expectRefusal(await arena.jscp(full.port, [large, '127.0.0.1:/too-large']), 13, /too-large.*space/);
      const back = join(arena.base, 'not-there');
      expectRefusal(await arena.jscp(full.port, ['127.0.0.1:/too-large', back]), 10, /too-large/);
      expectOk(await arena.jscp(full.port, [file, '127.0.0.1:/small-enough']));
      await full.stop();
    },
  );
});

describe('a server', () => {
  it('is not harmed by garbage', async () => {
    const random = seededRandom(2);
    const socket = createSocket('udp4');
    const firstBytes = [0x80, 0x81, 0x82, 0x83, 0x84, 0x00, 0x40, 0xff];
    const lengths = [0, 1, 12, 13, 21, 1199, 1200, 1400, 9000];
    await new Promise<void>((resolve) => {
      let left = 0;
      for (let round = 0; round < 20; round += 1) {
        for (const first of firstBytes) {
          for (const length of lengths) {
            const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
            if (length > 0) bytes[0] = first;
            left += 1;
            socket.send(bytes, server.port, '127.0.0.1', () => {
              left -= 1;
              if (left === 0) resolve();
            });
          }
        }
      }
    });
    socket.close();
  });

  it('is not harmed by a client that is killed or cancelled, and nothing stands under the final name', async () => {
    const large = arena.file('interrupted', 20_000_000);
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const copy = arena.startJscp(server.port, ['-l', '20M', large, '127.0.0.1:/interrupted']);
      await copy.untilAcked(1_000_000);
      copy.child.kill(signal);
      const { status, stderr } = await copy.finished;
      if (signal === 'SIGINT') {
        expect([status, stderr]).toEqual([130, expect.stringMatching(/^jscp: [^\n]*stopped[^\n]*\n$/)]);
      }
      expect(existsSync(received('interrupted'))).toBe(false);
    }
  });
});
