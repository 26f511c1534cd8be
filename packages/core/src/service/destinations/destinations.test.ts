import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiEvent, type Arguments, COMMANDS } from '@jetstream/api';
import { SecretBox } from '@jetstream/auth';
import { type State, volatileState } from '@jetstream/state';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlockMemory } from '../../block-memory.ts';
import { clientIdentityLine } from '../../client/identity.ts';
import { StorageWorkers } from '../../storage/storage-workers.ts';
import { apiCaller } from '../../testing/api-caller.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { SERVICE_CLOCK } from '../clock.ts';
import { ServiceEvents } from '../events.ts';
import { parseDestinationAddress } from './destination-address.ts';
import { CredentialStore } from './destination-credentials.ts';
import { Destinations } from './destinations.ts';
import type { DestinationRecord } from './record.ts';

const me = apiCaller({ account: 'ann' });
const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 8).toString('base64');

let base: string;
let state: State;
let events: ApiEvent[];
let credentials: CredentialStore;
let destinations: Destinations;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-destinations-'));
  state = await volatileState();
  events = [];
  const serviceEvents = new ServiceEvents(SERVICE_CLOCK, pino({ level: 'silent' }));
  serviceEvents.subscribe((event) => events.push(event));
  credentials = new CredentialStore(
    new SecretBox(join(base, 'secret.key')),
    async () => ({ why: 'none' }),
    KEY,
  );
  destinations = new Destinations({
    state,
    records: await state.collection<DestinationRecord>('destinations'),
    credentials,
    links: {
      manifests: { get: () => undefined, sourceOf: () => Promise.reject() as never },
      bandwidth: undefined as never,
      storage: new StorageWorkers(),
      memory: new BlockMemory(1),
      hostKey: { privateKey: new Uint8Array(32) },
      identity: { uid: '', id: '' },
      stateDirectory: base,
      congestion: 'bbr',
      pathStore: undefined,
      portable: false,
      clock: new ManualClock(),
      onPathFailure: () => undefined,
    },
    events: serviceEvents,
    clock: SERVICE_CLOCK,
  });
});
afterEach(async () => {
  await destinations.close();
  await state.close();
  rmSync(base, { recursive: true });
});

function create(given: Partial<Arguments<'send.createDestination'>> = {}, caller = me) {
  const parameters = { destinationAddress: 'far.lan', ...given };
  return destinations.create(COMMANDS['send.createDestination'].parameters.parse(parameters), caller);
}

describe('a destination', () => {
  it('is made once of the same parameters by the same owner', async () => {
    const [first, second] = await Promise.all([create(), create()]);
    expect(second.destinationId).toBe(first.destinationId);
    const others = await Promise.all([
      create({ destinationAddress: 'far2.lan' }),
      create({ destinationPort: 9_000 }),
      create({ sendRateMax: 1_500_000 }),
      create({ password: 'one' }),
      create({ password: 'two' }),
      create({ token: 'one' }),
      create({ token: 'one', tokenPassword: 'p' }),
      create({}, apiCaller({ account: 'ben' })),
      create({ password: 'one' }, apiCaller({ account: 'ann', token: 't' })),
    ]);
    expect(new Set([first, ...others].map(({ destinationId }) => destinationId)).size).toBe(10);
    expect((await create({ password: 'two' })).destinationId).toBe(others[4]!.destinationId);
    expect(events.filter(({ _event }) => _event === 'destinationCreated')).toHaveLength(10);
  });

  it('that a token makes uses no rights of its creator elsewhere', async () => {
    const token = apiCaller({ account: 'ann', token: 't' });
    for (const given of [{}, { privateKey: 'key' }]) {
      await expect(create(given, token)).rejects.toMatchObject({ code: 'permission-denied' });
    }
    const { destinationId } = await create({ password: 'one' }, token);
    await expect(destinations.update(destinationId, { privateKey: 'key' }, token)).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  it('never gives its secrets out, nor are they stored in the clear', async () => {
    const password = 'correct horse battery staple';
    const record = await create({ password });
    const seen = [record, destinations.describe(record), events];
    expect(JSON.stringify(seen)).not.toContain(password);
    expect(destinations.describe(record)).toMatchObject({ credentials: 'password', userName: 'ann' });
    expect(await credentials.loginTo(record)).toMatchObject({ credentials: { kind: 'password', password } });
  });

  it('takes an own key that can be used, and refuses any other', async () => {
    await expect(create({ privateKey: 'no key' })).rejects.toMatchObject({ code: 'invalid-argument' });
    const line = await clientIdentityLine(base);
    const privateKey = readFileSync(join(base, 'identity'), 'utf8').replaceAll('\n', '\r\n');
    const { advice } = await credentials.loginTo(await create({ privateKey }));
    expect(advice).toContain(line);
    expect((await credentials.loginTo(await create())).advice).toContain(KEY);
  });

  it('is changed in what is given, and in nothing else', async () => {
    const { destinationId } = await create({ password: 'old', sendRateMax: 100, description: 'd' });
    await destinations.update(destinationId, { ratePolicy: 'low' }, me);
    const record = await destinations.update(destinationId, { sendRateMax: null, token: 'new' }, me);
    expect(record).toMatchObject({ ratePolicy: 'low', sendRateMax: null, description: 'd' });
    expect((await credentials.loginTo(record)).credentials).toEqual({
      kind: 'token',
      token: 'new',
      password: '',
    });
    await expect(destinations.update(destinationId, { ratePolicy: 'fixed' }, me)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    expect(destinations.get(destinationId)).toMatchObject({ ratePolicy: 'low' });
  });

  it('takes its rate by the id of a transfer too', async () => {
    const { destinationId } = await create();
    destinations.setQueue({
      queuedFor: () => 3,
      usersOfDestination: () => [],
      find: () => ({ destinationId }),
    });
    const record = await destinations.setSendRate({ transferId: 'any', sendRateMax: 8_000 }, me);
    expect(destinations.describe(record)).toMatchObject({ sendRateMax: 8_000, numTransfersQueued: 3 });
  });

  it('is seen by its owner alone, and stays while transfers need it', async () => {
    const { destinationId } = await create();
    const other = apiCaller({ account: 'ben' });
    await expect(destinations.delete(destinationId, other)).rejects.toMatchObject({ code: 'not-found' });
    await expect(destinations.update(destinationId, {}, other)).rejects.toMatchObject({ code: 'not-found' });
    expect(destinations.list({ limit: 9, offset: 0, order: 'oldest' }, other)).toEqual([]);
    let users = ['t1'];
    destinations.setQueue({
      queuedFor: () => users.length,
      usersOfDestination: () => users,
      find: () => ({ destinationId }),
    });
    await expect(destinations.delete(destinationId, me)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('t1'),
    });
    users = [];
    await destinations.delete(destinationId, me);
    expect(destinations.get(destinationId)).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ _event: 'destinationDeleted', destinationId, owner: 'ann' });
  });

  it('trusts the first key that it is shown, for good, unless one is permitted', async () => {
    const [key, other] = [Buffer.from(KEY, 'base64'), Buffer.from(OTHER_KEY, 'base64')];
    const { destinationId } = await create();
    await destinations.acceptKey(destinationId, key);
    await destinations.acceptKey(destinationId, key);
    await expect(destinations.acceptKey(destinationId, other)).rejects.toMatchObject({
      code: 'host-key-changed',
    });
    await destinations.update(destinationId, { permittedDestinationPublicKey: OTHER_KEY }, me);
    await destinations.acceptKey(destinationId, other);
    await expect(destinations.acceptKey(destinationId, key)).rejects.toMatchObject({
      code: 'host-key-changed',
    });
    expect(destinations.get(destinationId)).toMatchObject({ destinationPublicKey: OTHER_KEY });
  });
});

describe('an address', () => {
  it.each([
    ['far.lan', 8886, 'far.lan', 8886],
    ['far.lan', 9000, 'far.lan', 9000],
    ['far.lan:9000', 8886, 'far.lan', 9000],
    ['192.0.2.1:9000', 9000, '192.0.2.1', 9000],
    ['2001:db8::1', 9000, '2001:db8::1', 9000],
    ['fe80::1%eth0', 8886, 'fe80::1%eth0', 8886],
  ])('%s with port %i is %s, %i', (text, given, address, port) => {
    expect(parseDestinationAddress(text, given)).toEqual({ address, port });
  });

  it.each([
    ['far.lan:9000', 9001],
    ['far.lan:', 8886],
    ['far.lan:0', 8886],
    ['far.lan:65536', 8886],
    ['a:b:c', 8886],
    [':9000', 8886],
  ])('%s with port %i is refused', (text, given) => {
    expect(() => parseDestinationAddress(text, given)).toThrow(/destinationAddress/);
  });
});
