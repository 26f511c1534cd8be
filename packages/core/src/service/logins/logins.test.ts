import {
  type AccountDatabase,
  AccountStanding,
  LoginGuard,
  loginSignatureInput,
  PamHelpers,
  refused,
} from '@jetstream/auth';
import type { Account } from '@jetstream/platform';
import { NO_CREDENTIALS } from '@jetstream/protocol';
import { volatileState } from '@jetstream/state';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../logging.ts';
import { SERVICE_CLOCK } from '../clock.ts';
import { ServiceEvents } from '../events.ts';
import { Settings } from '../settings/settings.ts';
import { AuthorizedClients } from './authorized-clients.ts';
import { Logins } from './logins.ts';
import { Roles } from './roles.ts';

const PEER_KEY = new Uint8Array(32).fill(7);
const CONNECTION = { handshakeHash: new Uint8Array(32), peerKey: PEER_KEY, remote: '192.0.2.1' };
const CLIENT = Buffer.from(PEER_KEY).toString('base64');
const PERMISSIONS = { read: true } as never;

function account(name: string, uid: number): Account {
  return { name, uid, gid: uid, groups: [uid], homeDirectory: '/nonexistent', shell: '', fullName: '' };
}

async function loginsOf({ actsAsOthers = true } = {}) {
  const accounts = [account('root', 0), account('ada', 1_000), account('bob', 1_001)];
  const database: AccountDatabase = {
    currentUser: () => accounts[0]!,
    lookUpAccount: (name) => accounts.find((one) => one.name === name),
    canActAsOthers: () => actsAsOthers,
  };
  const state = await volatileState();
  const logger = createLogger('silent');
  const events = new ServiceEvents(SERVICE_CLOCK, logger);
  const told: string[] = [];
  events.subscribe((event) => told.push(JSON.stringify(event)));
  const authorizedClients = await AuthorizedClients.open(state, await Settings.open(state), events, database);
  const clock = { nowMs: 0 };
  const waits: number[] = [];
  const asked: string[] = [];
  /** What shadow(5) says against accounts. */
  const closed = new Map<string, string>();
  const passwords = new PamHelpers({
    startHelper: () => ({
      ask: async ({ user, password }) => {
        asked.push(user);
        const accepted = user !== 'nobody' && Buffer.from(password!).toString() === 'secret';
        return { accepted, reason: 'as PAM says', isClosed: false, failDelayMs: 0 };
      },
      hasEnded: false,
      kill: () => undefined,
    }),
  });
  const logins = new Logins({
    stateDirectory: '/nonexistent',
    logger,
    events,
    roles: await Roles.open({}, state),
    authorizedClients,
    passwords,
    standing: new AccountStanding({
      accounts: database,
      shadow: { refusalOf: (name) => closed.get(name) },
      pamDirectories: [],
    }),
    guard: new LoginGuard({ nowMs: () => 0, wait: async (ms) => waits.push(ms) }),
    accounts: database,
    nowMs: () => clock.nowMs,
  });
  const logIn = (login: object) =>
    logins.logIn({ user: 'ada', ...NO_CREDENTIALS, ...login }, CONNECTION) as Promise<{
      accepted: boolean;
      value: { account: Account };
    }>;
  return {
    logins,
    logIn,
    accounts,
    closed,
    clock,
    authorizedClients,
    commands: authorizedClients.commands,
    waits,
    asked,
    told,
  };
}

const refusedLogin = { code: 'login-refused', message: 'login refused' };

describe('a login by password', () => {
  it('[LG-7] asks PAM about everybody alike and refuses in the same words and at the same time', async () => {
    const { logins, asked, waits, told } = await loginsOf();
    expect(await logins.password('ada', 'secret', '::1')).toEqual({
      account: 'ada',
      token: null,
      tokenSession: null,
      permissions: null,
      path: null,
    });
    asked.length = 0;
    for (const user of ['ada', 'nobody', 'bob'])
      await expect(logins.password(user, 'wrong-5ecret', '::1')).rejects.toMatchObject(refusedLogin);
    expect(asked).toEqual(['ada', 'nobody', 'bob']);
    expect(waits).toEqual([3_000, 3_000, 3_000]);
    expect(told.join('\n')).not.toContain('ecret');
  });

  it('lets in over UDP as over the API, and only whom the server can act as', async () => {
    const able = await loginsOf();
    expect(await able.logIn({ password: 'secret' })).toMatchObject({ value: { account: { name: 'ada' } } });
    const { logIn, logins, asked } = await loginsOf({ actsAsOthers: false });
    expect(await logIn({ password: 'secret' })).toMatchObject({ accepted: false });
    expect(asked).toEqual(['ada']);
    expect(await logins.password('root', 'secret', '::1')).toMatchObject({ account: 'root' });
  });

  it('is refused for a while after too many failures, whatever comes then', async () => {
    const { logins } = await loginsOf();
    for (let i = 0; i < 10; i++)
      await expect(logins.password('ada', `${i}`, '192.0.2.9')).rejects.toMatchObject(refusedLogin);
    await expect(logins.password('ada', 'secret', '192.0.2.9')).rejects.toMatchObject({
      code: 'limit-exceeded',
    });
    expect(await logins.password('ada', 'secret', '192.0.2.8')).toMatchObject({ account: 'ada' });
  });
});

describe('a login by token', () => {
  it('is refused where nobody knows tokens, and by the same manners where somebody does', async () => {
    const { logins, logIn, waits } = await loginsOf();
    await expect(logins.token('t', undefined, '::1')).rejects.toMatchObject(refusedLogin);
    logins.tokens = {
      verify: async (token, password) => {
        if (token !== 't' || password !== 'p') throw refused('there is no such token');
        const restrictions = { permissions: PERMISSIONS, path: '/here' };
        return { account: 'bob', token: 'id', tokenSession: 'session', restrictions };
      },
      isStillValid: ({ tokenSession }) => tokenSession === 'session',
    };
    const identity = await logins.token('t', 'p', '::1');
    expect(identity).toEqual({
      account: 'bob',
      token: 'id',
      tokenSession: 'session',
      permissions: PERMISSIONS,
      path: '/here',
    });
    expect(logins.isStillValid(identity)).toBe(true);
    expect(logins.isStillValid({ ...identity, tokenSession: 'ended' })).toBe(false);
    await expect(logins.token('t', 'wrong', '::1')).rejects.toMatchObject(refusedLogin);
    expect(await logIn({ user: '', token: 't', tokenPassword: 'p' })).toMatchObject({ accepted: true });
    expect(await logIn({ user: 'bob', token: 't', tokenPassword: 'p' })).toMatchObject({ accepted: true });
    expect(await logIn({ user: 'ada', token: 't', tokenPassword: 'p' })).toMatchObject({ accepted: false });
    expect(waits).toEqual([3_000, 3_000, 3_000]);
  });
});

describe('a login by static key', () => {
  it('[LG-8] acts as the account that the key is trusted for, else as the user named, but not as root', async () => {
    const { logIn, commands, waits } = await loginsOf();
    expect(await logIn({})).toMatchObject({ accepted: false });
    await commands['recv.addAuthorizedClientAsync']({ clientPublicKey: CLIENT, account: null });
    expect(await logIn({ user: 'ada' })).toMatchObject({ value: { account: { name: 'ada' } } });
    expect(await logIn({ user: 'bob' })).toMatchObject({ value: { account: { name: 'bob' } } });
    for (const user of ['root', 'nobody', '../ada'])
      expect(await logIn({ user })).toMatchObject({ accepted: false });
    await commands['recv.addAuthorizedClientAsync']({ clientPublicKey: CLIENT, account: 'bob' });
    expect(await logIn({ user: 'ada' })).toMatchObject({ value: { account: { name: 'bob' } } });
    await commands['recv.removeAuthorizedClientAsync']({ clientPublicKey: CLIENT });
    expect(await logIn({ user: 'ada' })).toMatchObject({ accepted: false });
    expect(waits.every((ms) => ms === 250)).toBe(true);
  });

  it('[LG-8] goes by a password or a token where there is one', async () => {
    const { logIn, commands } = await loginsOf();
    await commands['recv.addAuthorizedClientAsync']({ clientPublicKey: CLIENT, account: 'bob' });
    expect(await logIn({ password: 'wrong' })).toMatchObject({ accepted: false });
    expect(await logIn({ password: 'secret' })).toMatchObject({ value: { account: { name: 'ada' } } });
    expect(await logIn({ token: 't' })).toMatchObject({ accepted: false });
  });

  it('lists what is trusted, once each, and forgets nothing that is not there', async () => {
    const { commands, logins } = await loginsOf();
    for (const account of ['ada', null])
      await commands['recv.addAuthorizedClientAsync']({ clientPublicKey: CLIENT, account });
    expect(commands['recv.getAuthorizedClients']()).toEqual({
      onlyAuthorizedClientsAllowed: false,
      clients: [{ clientPublicKey: CLIENT, account: null }],
    });
    const other = Buffer.alloc(32).toString('base64');
    await expect(
      commands['recv.addAuthorizedClientAsync']({ clientPublicKey: other, account: 'nobody' }),
    ).rejects.toMatchObject({ code: 'not-found' });
    await expect(
      commands['recv.removeAuthorizedClientAsync']({ clientPublicKey: other }),
    ).rejects.toMatchObject({ code: 'not-found' });
    expect([logins.mayConnect(PEER_KEY), logins.mayConnect(Buffer.alloc(32))]).toEqual([true, true]);
    await commands['recv.allowOnlyAuthorizedClientsAsync']({ onlyAuthorizedClientsAllowed: true });
    expect([logins.mayConnect(PEER_KEY), logins.mayConnect(Buffer.alloc(32))]).toEqual([true, false]);
  });
});

describe('an account that may not be used', () => {
  it('[LG-11] is refused by password, token and static key as anything else is, with the reason for the log alone', async () => {
    const { logins, logIn, closed, commands, waits, told } = await loginsOf();
    const restrictions = { permissions: PERMISSIONS, path: '/here' };
    logins.tokens = {
      verify: async () => ({ account: 'bob', token: 'id', tokenSession: 'session', restrictions }),
      isStillValid: () => true,
    };
    await commands['recv.addAuthorizedClientAsync']({ clientPublicKey: CLIENT, account: 'bob' });
    const ways = [{ user: 'bob', password: 'secret' }, { user: '', token: 't' }, { user: 'ada' }];
    for (const way of ways) expect(await logIn(way)).toMatchObject({ value: { account: { name: 'bob' } } });
    closed.set('bob', 'it was locked');
    told.length = 0;
    for (const way of ways)
      expect(await logIn(way)).toEqual({ accepted: false, limited: false, reason: 'it was locked' });
    await expect(logins.token('t', undefined, '::1')).rejects.toMatchObject(refusedLogin);
    await expect(logins.password('bob', 'secret', '::1')).rejects.toMatchObject(refusedLogin);
    expect(waits).toEqual([3_000, 3_000, 250, 3_000, 3_000]);
    expect(told.filter((event) => event.includes('loginRefused'))).toHaveLength(5);
    expect(told.join()).not.toContain('locked');
    closed.clear();
    expect(await logIn(ways[2]!)).toMatchObject({ accepted: true });
  });

  it('[LG-11] begins nothing more, and those whose work is under way are told when to ask', async () => {
    const { logins, closed, clock, accounts } = await loginsOf();
    const identity = await logins.password('ada', 'secret', '::1');
    let rechecks = 0;
    logins.onRecheck(() => rechecks++);
    const state = async () => [
      logins.isStillValid(identity),
      await logins.mayGoOn(identity, '::1'),
      await logins.mayStay('ada', undefined),
    ];
    expect(await state()).toEqual([true, true, true]);
    closed.set('ada', 'it has expired');
    // Asked at each event, that is remembered for a while; whoever begins something is looked at.
    expect(await state()).toEqual([true, false, false]);
    clock.nowMs += 5_000;
    expect(await state()).toEqual([false, false, false]);
    closed.clear();
    logins.recheck();
    expect([rechecks, await state()]).toEqual([1, [true, true, true]]);
    accounts.splice(1, 1);
    logins.recheck();
    expect(await state()).toEqual([false, false, false]);
  });
});

describe('a session of the API', () => {
  it('ends with its account', async () => {
    const { logins, accounts, clock } = await loginsOf();
    const identity = await logins.password('ada', 'secret', '::1');
    expect(logins.isStillValid(identity)).toBe(true);
    accounts.splice(1, 1);
    clock.nowMs += 5_000;
    expect(logins.isStillValid(identity)).toBe(false);
    expect(logins.isStillValid({ ...identity, account: 'root' })).toBe(true);
  });
});

describe('a login by public key', () => {
  it('[LG-4] of the API is refused as one over UDP', async () => {
    const { logins, waits } = await loginsOf();
    const offer = {
      publicKey: new Uint8Array(51),
      signature: loginSignatureInput(new Uint8Array(32), 'ada'),
    };
    await expect(logins.publicKey('ada', [offer], new Uint8Array(32), '::1')).rejects.toMatchObject(
      refusedLogin,
    );
    expect(waits).toEqual([250]);
  });
});
