import type { ApiCaller, Parameters } from '@jetstream/api';
import { type State, volatileState } from '@jetstream/state';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UploadSource } from '../../client/upload.ts';
import type { ServerOptions } from '../../contract.ts';
import { apiCaller } from '../../testing/api-caller.ts';
import { ServiceEvents } from '../events.ts';
import type { ManifestRecord } from '../manifests/record.ts';
import type { ServiceContext } from '../service.ts';
import { Tokens } from './tokens.ts';

const HOUR_US = 3_600e6;
const ALL = { upload: true, download: true, delete: true, share: true };

let nowUs: number;
let state: State;
let tokens: Tokens;
const manifests = new Map<string, ManifestRecord>();

beforeEach(async () => {
  nowUs = 1_700_000_000_000_000;
  state = await volatileState();
  manifests.clear();
  manifests.set('m', { manifestId: 'm', owner: 'ann', status: 'complete' } as ManifestRecord);
  tokens = await open();
});

afterEach(async () => {
  await tokens.close();
  await state.close();
});

function open(options: ServerOptions = {}): Promise<Tokens> {
  const clock = { wallUs: () => nowUs, monotonicUs: () => nowUs };
  const events = new ServiceEvents(clock, pino({ level: 'silent' }));
  const lanes = () => ({ path: { port: 8886 } });
  const context = {
    options,
    state,
    clock,
    events,
    lanes,
    logger: pino({ level: 'silent' }),
    apiPort: () => undefined,
  } as unknown as ServiceContext;
  return Tokens.open(context, {
    get: (id) => manifests.get(id),
    find: (id) => manifests.get(id)!,
    sourceOf: () => ({ mappings: [] }) as unknown as UploadSource,
  });
}

const caller = (fields: Partial<ApiCaller> = {}) => apiCaller({ account: 'ann', ...fields });

const create = (given: Partial<Parameters<'createAPIToken'>> = {}, who = caller()) =>
  tokens.api.commands.createAPIToken(
    { description: '', permissions: ALL, path: null, userData: {}, ...given },
    who,
    context,
  );
const share = (given: Partial<Parameters<'send.createSharedToken'>> = {}, who = caller()) =>
  tokens.shared.commands['send.createSharedToken'](
    { description: '', manifestId: 'm', downloadLimit: null, userData: {}, ...given },
    who,
    context,
  );
const context = { signal: new AbortController().signal };

describe('an API token', () => {
  it('is told once, lets in until it ends, and stands nowhere', async () => {
    const made = await create({ lifetime: '1h', path: '/x', permissions: { ...ALL, delete: false } });
    expect(made).toMatchObject({ owner: 'ann', passwordRequired: false, expiryTime: nowUs + HOUR_US });
    const login = await tokens.verify(made.secret!, undefined);
    expect(login).toMatchObject({
      account: 'ann',
      token: made.token,
      restrictions: { path: '/x', permissions: { delete: false } },
    });
    const again = await tokens.verify(made.secret!, undefined);
    expect(again.tokenSession).not.toBe(login.tokenSession);
    expect(await tokens.api.commands.getAPIToken({ token: made.token }, caller(), context)).toEqual({
      ...made,
      secret: null,
    });
    const stored = await state.collection<{ secretHash: string }>('apiTokens');
    expect(JSON.stringify([...stored.values()])).not.toContain(made.secret!.slice(4));
    await expect(tokens.verify(made.token, undefined)).rejects.toMatchObject({ code: 'login-refused' });
    nowUs += HOUR_US;
    await expect(tokens.verify(made.secret!, undefined)).rejects.toMatchObject({ code: 'login-refused' });
    expect(tokens.isStillValid({ ...caller(), token: made.token })).toBe(false);
    expect(await tokens.collect({ nowUs, lifetimeUs: 0 })).toEqual({ tokensDeleted: 1 });
    expect(stored.size).toBe(0);
  });

  it('needs its password when it has one', async () => {
    const { secret, passwordRequired } = await create({ password: 'pass' });
    expect(passwordRequired).toBe(true);
    for (const password of [undefined, 'wrong']) {
      await expect(tokens.verify(secret!, password)).rejects.toMatchObject({ code: 'login-refused' });
    }
    expect(await tokens.verify(secret!, 'pass')).toMatchObject({ account: 'ann' });
    expect(await tokens.verify((await create()).secret!, 'not needed')).toMatchObject({ account: 'ann' });
  });

  it('lets in after a restart, and tells those who came with it when it is taken back', async () => {
    const { secret, token } = await create();
    await tokens.close();
    tokens = await open();
    const { tokenSession } = await tokens.verify(secret!, undefined);
    let ended = 0;
    tokens.onEnded(() => ended++);
    const delete_ = (who: ApiCaller) => tokens.api.commands.deleteAPIToken({ token }, who, context);
    await expect(delete_(caller({ account: 'bob' }))).rejects.toMatchObject({ code: 'not-found' });
    await delete_(caller());
    expect(ended).toBe(1);
    expect(tokens.isStillValid({ ...caller(), token, tokenSession })).toBe(false);
  });

  it('that is taken back has what it began ended, if need be by the next server; one that expires has not', async () => {
    const [expires, revoked] = [await create({ lifetime: '1h' }), await create()];
    const ended: string[] = [];
    let mayEnd: Promise<void> = Promise.reject(new Error('the disk is full'));
    mayEnd.catch(() => undefined);
    const follow = () =>
      tokens.revocations.addEnd(async ({ owner, token }) => {
        ended.push(`${owner} ${token}`);
        await mayEnd;
      });
    follow();
    await tokens.api.commands.deleteAPIToken({ token: revoked.token }, caller(), context);
    nowUs += HOUR_US;
    expect(await tokens.collect({ nowUs, lifetimeUs: 0 })).toEqual({ tokensDeleted: 1 });
    await tokens.close();
    tokens = await open();
    follow();
    mayEnd = Promise.resolve();
    await tokens.start();
    await tokens.start();
    expect(expires.token).not.toBe(revoked.token);
    expect(ended).toEqual(Array.from({ length: 3 }, () => `ann ${revoked.token}`));
  });

  it.each([
    ['made by a token', {}, caller({ token: 't', permissions: ALL }), 'permission-denied'],
    ['with a path out of the root', { path: '../x' }, caller(), 'path-refused'],
    ['that is over already', { expiryTime: 1 }, caller(), 'invalid-argument'],
  ])('is refused when %s', async (_, given, who, code) => {
    await expect(create(given, who)).rejects.toMatchObject({ code });
  });

  it('is nothing on a server that has them off', async () => {
    const { secret } = await create();
    await tokens.close();
    tokens = await open({ apiTokens: false });
    await expect(create()).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(tokens.verify(secret!, undefined)).rejects.toMatchObject({ code: 'login-refused' });
    expect(tokens.serverInfo()).toMatchObject({ APITokensAvailable: false, sharedTokensAvailable: true });
  });
});

describe('a shared link', () => {
  it('lets download one manifest, which it keeps', async () => {
    const made = await share();
    expect(made.link).toMatch(/^jetstream:\/\/[^/]+\/download\?token=jst_[\w-]{43}$/);
    expect(await tokens.verify(made.secret!, undefined)).toMatchObject({
      account: 'ann',
      restrictions: { sharedToken: made.token },
    });
    expect(tokens.shared.useOf('m')).toBe(`shared link ${made.token}`);
    await tokens.shared.commands['send.deleteSharedToken']({ token: made.token }, caller(), context);
    expect(tokens.shared.useOf('m')).toBeUndefined();
    await expect(tokens.shared.begin(made.token, 'client')).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  it('counts a download once it ends, and one that is resumed once', async () => {
    const { token } = await share({ downloadLimit: 2 });
    const begin = (client: string) => tokens.shared.begin(token, client);
    await begin('a');
    await begin('a');
    await begin('b');
    await expect(begin('c')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(tokens.shared.get(token)?.downloadCount).toBe(0);
    await tokens.shared.completed(token, 'a');
    expect(tokens.shared.get(token)?.downloadCount).toBe(1);
    await expect(begin('a')).rejects.toMatchObject({ code: 'permission-denied' });
    await begin('b');
    await tokens.shared.completed(token, 'b');
    expect(tokens.shared.get(token)?.downloadCount).toBe(2);
  });

  it('takes no more than its limit, whoever comes at once', async () => {
    const { token } = await share({ downloadLimit: 3 });
    const begun = await Promise.allSettled(
      Array.from({ length: 20 }, (_, client) => tokens.shared.begin(token, String(client))),
    );
    expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it('that an API token made ends with it, and needs its permission', async () => {
    const api = await create({ lifetime: '1h' });
    const who = caller({ token: api.token, permissions: ALL });
    const { token } = await share({}, who);
    // A clock that is wrong for a while ends neither for good.
    const before = nowUs;
    nowUs += 2 * HOUR_US;
    expect(tokens.shared.get(token)).toBeUndefined();
    expect(await tokens.collect({ nowUs: before, lifetimeUs: 0 })).toEqual({ tokensDeleted: 0 });
    nowUs = before;
    expect(tokens.shared.get(token)).toBeDefined();
    await expect(
      share({}, caller({ token: api.token, permissions: { ...ALL, share: false } })),
    ).rejects.toMatchObject({ code: 'permission-denied' });
    await tokens.api.commands.deleteAPIToken({ token: api.token }, caller(), context);
    expect(tokens.shared.get(token)).toBeUndefined();
    expect(await tokens.collect({ nowUs, lifetimeUs: 0 })).toEqual({ tokensDeleted: 1 });
  });

  it('is refused for a manifest that is not complete', async () => {
    manifests.set('m', { ...manifests.get('m')!, status: 'pending' });
    await expect(share()).rejects.toMatchObject({ code: 'conflict' });
  });

  it('has the address by which the server is reached from outside', async () => {
    await tokens.close();
    tokens = await open({ externalAddress: 'files.example:9000' });
    expect((await share()).link).toMatch(/^jetstream:\/\/files\.example:9000\/download\?token=/);
  });

  it('else has that by which its maker reaches the server, if it is bound to no other', async () => {
    const hostFor = async (reachedAs: string | null) =>
      new URL((await share({}, caller({ reachedAs }))).link!).hostname;
    expect(await hostFor('a.lan')).toBe('a.lan');
    expect(await hostFor('2001:db8::2')).toBe('[2001:db8::2]');
    expect(await hostFor(null)).not.toBe('');
    await tokens.close();
    tokens = await open({ host: '198.51.100.7' });
    expect(await hostFor('a.lan')).toBe('198.51.100.7');
  });
});
