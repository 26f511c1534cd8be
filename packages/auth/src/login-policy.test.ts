import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, renameSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from '@jetstream/platform';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Guarded, LoginGuard } from './login-guard.ts';
import { authenticate, type LoginContext } from './login-policy.ts';
import { loginSignatureInput } from './login-signature.ts';
import { type SshKeyPair, sshKeyPair } from './testing/ssh-key-pair.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { refused as loginRefused } from './usable-account.ts';

const HASH = new Uint8Array(32).fill(3);
const REMOTE = '192.0.2.1';
const UID = process.getuid!();
const key = sshKeyPair();
const stranger = sshKeyPair();

function accountNamed(name: string): Account {
  const homeDirectory = temporaryDirectory();
  mkdirSync(join(homeDirectory, '.ssh'), { mode: 0o700 });
  return { name, uid: UID, gid: 0, groups: [0], homeDirectory, shell: '/usr/sbin/nologin', fullName: '' };
}

/** A server run by `runner`, on a machine with `alice` too. */
function machine({ actsAsOthers = false } = {}) {
  const runner = accountNamed('runner');
  const alice = accountNamed('alice');
  const waits: number[] = [];
  const clock = { ms: 0 };
  const closed = new Set<string>();
  const asked: string[] = [];
  const context: LoginContext = {
    stateDirectory: temporaryDirectory(),
    guard: new LoginGuard({ nowMs: () => clock.ms, wait: async (ms) => waits.push(ms) }),
    standing: {
      demandOpen: async (account) => {
        asked.push(account.name);
        if (closed.has(account.name)) throw loginRefused('the account has expired');
        return account;
      },
    },
    accounts: {
      currentUser: () => runner,
      lookUpAccount: (name) => [runner, alice].find((account) => account.name === name),
      canActAsOthers: () => actsAsOthers,
    },
  };
  const authorize = (account: Account, text: string) => {
    const file = join(account.homeDirectory, '.ssh', 'authorized_keys');
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const authorizeAtServer = (text: string) =>
    writeFileSync(join(context.stateDirectory, 'authorized_keys'), text, { mode: 0o600 });
  return { runner, alice, context, waits, clock, closed, asked, authorize, authorizeAtServer };
}

function attempt(context: LoginContext, user: string, ...keys: SshKeyPair[]): Promise<Guarded<Account>> {
  return attemptFrom(REMOTE, context, user, ...keys);
}

function attemptFrom(remote: string, context: LoginContext, user: string, ...keys: SshKeyPair[]) {
  const input = loginSignatureInput(HASH, user);
  const offers = keys.map((offered) => ({ publicKey: offered.blob, signature: offered.sign(input) }));
  return authenticate({ user, offers, handshakeHash: HASH, remote }, context);
}

const refused = (reason: string) => ({
  accepted: false,
  limited: false,
  reason: expect.stringContaining(reason),
});

describe('authenticate', () => {
  it('[LG-2] lets in who signed with a key of the account, in whatever place it was offered', async () => {
    const { context, authorize, runner } = machine();
    authorize(runner, `# mine\n${key.line}\n`);
    expect(await attempt(context, 'runner', key)).toEqual({ accepted: true, value: runner });
    expect(await attempt(context, 'runner', stranger, key)).toEqual({ accepted: true, value: runner });
  });

  it("[LG-2] takes the server's own list for the account that runs it, and for no other", async () => {
    const { context, authorizeAtServer, runner } = machine({ actsAsOthers: true });
    authorizeAtServer(key.line);
    expect(await attempt(context, 'runner', key)).toEqual({ accepted: true, value: runner });
    expect(await attempt(context, 'alice', key)).toMatchObject({ accepted: false });
  });

  it('[LG-2] refuses a key that is not listed, and a listed one without a valid signature', async () => {
    const { context, authorize, authorizeAtServer, runner } = machine();
    authorize(runner, key.line);
    authorizeAtServer('');
    expect(await attempt(context, 'runner', stranger)).toMatchObject(refused('none of the keys'));
    const others = [
      { publicKey: key.blob, signature: stranger.sign(loginSignatureInput(HASH, 'runner')) },
      { publicKey: key.blob, signature: key.sign(loginSignatureInput(HASH, 'alice')) },
      { publicKey: key.blob, signature: key.sign(loginSignatureInput(new Uint8Array(32), 'runner')) },
      { publicKey: key.blob, signature: new Uint8Array(0) },
      { publicKey: new Uint8Array(0), signature: new Uint8Array(64) },
    ];
    for (const offer of others) {
      const login = { user: 'runner', offers: [offer], handshakeHash: HASH, remote: REMOTE };
      expect(await authenticate(login, context)).toMatchObject(refused('valid signature'));
    }
  });

  it('[LG-2] takes no signature of one key as proof of another', async () => {
    const { context, authorize, runner } = machine();
    authorize(runner, key.line);
    const offers = [
      { publicKey: key.blob, signature: new Uint8Array(64) },
      { publicKey: stranger.blob, signature: stranger.sign(loginSignatureInput(HASH, 'runner')) },
    ];
    const login = { user: 'runner', offers, handshakeHash: HASH, remote: REMOTE };
    expect(await authenticate(login, context)).toMatchObject({ accepted: false });
  });

  it('is never anonymous: an empty list of keys, an empty name, an empty file let nobody in', async () => {
    const { context, authorize, authorizeAtServer, runner } = machine({ actsAsOthers: true });
    authorize(runner, '');
    authorizeAtServer('');
    expect(await attempt(context, 'runner')).toMatchObject({ accepted: false });
    expect(await attempt(context, '', key)).toMatchObject({ accepted: false });
    expect(await attempt(context, 'runner', key)).toMatchObject({ accepted: false });
  });

  it('lets other accounts in only where the server can act as them; no shell is needed', async () => {
    const unprivileged = machine();
    unprivileged.authorize(unprivileged.alice, key.line);
    expect(await attempt(unprivileged.context, 'alice', key)).toMatchObject(
      refused('only the account that runs it'),
    );
    const privileged = machine({ actsAsOthers: true });
    privileged.authorize(privileged.alice, key.line);
    expect(await attempt(privileged.context, 'alice', key)).toEqual({
      accepted: true,
      value: privileged.alice,
    });
  });

  it('[LG-3] refuses more than 8 keys', async () => {
    const { context, authorize, runner } = machine();
    authorize(runner, key.line);
    const strangers = Array.from({ length: 8 }, () => stranger);
    expect(await attempt(context, 'runner', ...strangers.slice(1), key)).toMatchObject({ accepted: true });
    expect(await attempt(context, 'runner', ...strangers, key)).toMatchObject(refused('more than 8'));
  });

  it('[LG-4] refuses an unknown user as one who is known, and at the same time after the attempt', async () => {
    const { context, authorize, runner, waits } = machine({ actsAsOthers: true });
    authorize(runner, key.line);
    for (const user of ['nobody-here', 'runner', 'alice', '../alice', '']) {
      waits.length = 0;
      expect(await attempt(context, user, stranger)).toEqual({
        accepted: false,
        limited: false,
        reason: expect.any(String),
      });
      expect(waits).toEqual([250]);
    }
  });

  it('[LG-4] gives the reason to the log: the file, the line and the option', async () => {
    const { context, authorize, runner } = machine();
    const file = authorize(runner, `# x\ncommand="/bin/true" ${key.line}`);
    expect(await attempt(context, 'runner', key)).toMatchObject(
      refused(`${file} line 2: JetStream cannot enforce its option command`),
    );
  });

  it('honours expiry-time, and another line with the same key', async () => {
    const { context, authorize, runner } = machine();
    authorize(runner, `expiry-time="20300101Z" ${key.line}`);
    const expiry = Date.UTC(2030, 0, 1);
    expect(await attempt({ ...context, wallClockMs: expiry - 1 }, 'runner', key)).toMatchObject({
      accepted: true,
    });
    expect(await attempt({ ...context, wallClockMs: expiry }, 'runner', key)).toMatchObject(
      refused('expired'),
    );
    authorize(runner, `expiry-time="20300101Z" ${key.line}\n${key.line}`);
    expect(await attempt({ ...context, wallClockMs: expiry }, 'runner', key)).toMatchObject({
      accepted: true,
    });
  });

  it('limits failures from an address, whoever is asked for, and looks at nothing then', async () => {
    const { context, authorize, runner, clock } = machine();
    authorize(runner, key.line);
    for (let i = 0; i < 10; i++)
      expect(await attempt(context, `user${i}`, stranger)).toMatchObject({ limited: false });
    expect(await attempt(context, 'runner', key)).toMatchObject({ accepted: false, limited: true });
    clock.ms = 60_000;
    expect(await attempt(context, 'runner', key)).toMatchObject({ accepted: true });
  });

  it('[LG-11] refuses an account that may not be used, which nobody hears of without a listed key', async () => {
    const { context, authorize, runner, closed, asked, waits } = machine();
    authorize(runner, key.line);
    closed.add('runner');
    expect(await attempt(context, 'runner', stranger)).toMatchObject(refused('none of the keys'));
    expect(asked).toEqual([]);
    expect(await attempt(context, 'runner', stranger, key)).toMatchObject(refused('expired'));
    expect([asked, waits]).toEqual([['runner'], [250, 250]]);
    closed.clear();
    expect(await attempt(context, 'runner', key)).toEqual({ accepted: true, value: runner });
  });

  it('refuses when the system cannot say who the user is', async () => {
    const { context, runner } = machine();
    const accounts = {
      currentUser: () => runner,
      canActAsOthers: () => true,
      lookUpAccount: () => {
        throw new Error('directory server down');
      },
    };
    expect(await attempt({ ...context, accounts }, 'alice', key)).toMatchObject(
      refused('directory server down'),
    );
  });
});

describe('the file of authorized keys', () => {
  it.each([
    ['the file', 'authorized_keys'],
    ['its directory', ''],
    ['the home directory', '..'],
  ])('lets nobody in when %s is writable by others', async (_, path) => {
    const { context, authorize, runner } = machine();
    authorize(runner, key.line);
    const target = join(runner.homeDirectory, '.ssh', path);
    for (const mode of [0o720, 0o702]) {
      chmodSync(target, mode);
      expect(await attempt(context, 'runner', key)).toMatchObject(refused('writable by others'));
    }
    chmodSync(target, 0o755);
    expect(await attempt(context, 'runner', key)).toMatchObject({ accepted: true });
  });

  it("lets nobody in when the server's own list is writable by others", async () => {
    const { context, authorizeAtServer } = machine();
    authorizeAtServer(key.line);
    chmodSync(context.stateDirectory, 0o777);
    expect(await attempt(context, 'runner', key)).toMatchObject(refused('writable by others'));
  });

  it('lets nobody in when it belongs to somebody else than the account or root', async () => {
    const { context, authorize, runner } = machine();
    const file = authorize(runner, key.line);
    const uid = 4_000_000;
    // Root can give the file away; anybody else says that the account is not its own.
    if (UID === 0) chownSync(file, uid, uid);
    else Object.assign(runner, { uid });
    expect(await attempt(context, 'runner', key)).toMatchObject(refused('belongs to somebody else'));
  });

  it('is followed through a link only to where nobody else can write', async () => {
    const { context, authorize, runner } = machine();
    const file = authorize(runner, key.line);
    const elsewhere = temporaryDirectory();
    renameSync(file, join(elsewhere, 'keys'));
    symlinkSync(join(elsewhere, 'keys'), file);
    chmodSync(elsewhere, 0o777);
    expect(await attempt(context, 'runner', key)).toMatchObject(refused('writable by others'));
    const inside = join(runner.homeDirectory, 'dotfiles');
    renameSync(elsewhere, inside);
    chmodSync(inside, 0o755);
    renameSync(file, `${file}.old`);
    symlinkSync('../dotfiles/keys', file);
    expect(await attempt(context, 'runner', key)).toMatchObject({ accepted: true });
  });

  it('is refused when it is a directory or a FIFO, too long, has too many lines, or there is none', async () => {
    const { context, authorize, runner } = machine();
    expect(await attempt(context, 'runner', key)).toMatchObject(refused('no such file'));
    authorize(runner, `${key.line}\n${'#'.repeat(1024 * 1024)}`);
    expect(await attempt(context, 'runner', key)).toMatchObject(refused('more than 1048576 bytes'));
    const file = authorize(runner, `${key.line}\n${'#\n'.repeat(4_096)}`);
    expect(await attempt(context, 'runner', key)).toMatchObject(refused('4096 lines'));
    renameSync(file, `${file}.old`);
    mkdirSync(file, { mode: 0o700 });
    expect(await attempt(context, 'runner', key)).toMatchObject(refused('not a regular file'));
    rmdirSync(file);
    execFileSync('mkfifo', ['-m', '600', file]);
    expect(await attempt(context, 'runner', key)).toMatchObject(refused('not a regular file'));
  });

  it('is not looked for in a home directory that is no absolute path', async () => {
    const { context, runner } = machine();
    Object.assign(runner, { homeDirectory: '' });
    expect(await attempt(context, 'runner', key)).toMatchObject({ accepted: false });
  });
});

describe("the account's own identity", () => {
  const LOCAL = ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'];

  function identityOf(account: Account, line: string): string {
    const directory = join(account.homeDirectory, '.config', 'jetstream');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = join(directory, 'identity.pub');
    writeFileSync(file, `${line}\n`, { mode: 0o644 });
    return file;
  }

  it('lets it in from this machine, and from nowhere else', async () => {
    const { context, alice } = machine({ actsAsOthers: true });
    identityOf(alice, key.line);
    for (const remote of LOCAL)
      expect(await attemptFrom(remote, context, 'alice', key)).toEqual({ accepted: true, value: alice });
    for (const remote of [REMOTE, '::2', '::ffff:192.0.2.1', '128.0.0.1'])
      expect(await attemptFrom(remote, context, 'alice', key)).toMatchObject({ accepted: false });
    expect(await attemptFrom('::1', context, 'alice', stranger)).toMatchObject(refused('none of the keys'));
    expect(await attemptFrom('::1', context, 'runner', key)).toMatchObject({ accepted: false });
  });

  it('is that of the configuration directory, too, for the account that runs the server', async () => {
    const { context, runner } = machine();
    const before = process.env.JETSTREAM_CONFIG_DIR;
    const directory = temporaryDirectory();
    process.env.JETSTREAM_CONFIG_DIR = directory;
    onTestFinished(() => {
      if (before === undefined) delete process.env.JETSTREAM_CONFIG_DIR;
      else process.env.JETSTREAM_CONFIG_DIR = before;
    });
    writeFileSync(join(directory, 'identity.pub'), `${key.line}\n`);
    expect(await attemptFrom('::1', context, 'runner', key)).toEqual({ accepted: true, value: runner });
    expect(await attempt(context, 'runner', key)).toMatchObject({ accepted: false });
  });

  it('counts only while nobody else could have written it', async () => {
    const { context, alice } = machine({ actsAsOthers: true });
    const file = identityOf(alice, key.line);
    for (const path of [file, join(file, '..'), alice.homeDirectory]) {
      chmodSync(path, 0o777);
      expect(await attemptFrom('::1', context, 'alice', key)).toMatchObject(refused('writable by others'));
      chmodSync(path, 0o755);
    }
    expect(await attemptFrom('::1', context, 'alice', key)).toMatchObject({ accepted: true });
  });
});
