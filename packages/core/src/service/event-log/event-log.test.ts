import type { ApiCaller, Parameters } from '@jetstream/api';
import { type State, volatileState } from '@jetstream/state';
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { apiCaller } from '../../testing/api-caller.ts';
import { ServiceEvents } from '../events.ts';
import { EventLog } from './event-log.ts';

const caller = (fields: Partial<ApiCaller> = {}) => apiCaller({ account: 'ann', ...fields });
const owner = (name: string, token: string | null = null) => ({
  owner: name,
  ownerToken: token,
  ownerTokenSession: null,
});

let state: State;
let nowUs = 0;
const clock = { wallUs: () => nowUs, monotonicUs: () => nowUs };
const events = new ServiceEvents(clock, pino({ level: 'silent' }));
let log: EventLog;

beforeEach(async () => {
  nowUs = 1_000_000;
  state = await volatileState();
  log = new EventLog(state.eventLog, events, clock);
});

afterEach(async () => {
  await log.close();
  await state.close();
});

async function names(who: ApiCaller, parameters: Partial<Parameters<'getEventLog'>> = {}): Promise<string[]> {
  const read = await log.commands.getEventLog({ limit: 100, ...parameters }, who);
  return read.map(({ _event, id }) => `${_event} ${id ?? ''}`.trim());
}

it('tells each what concerns him, and superusers all', async () => {
  events.emit('serverStarted', {});
  events.emit('transferCreated', { id: 1 }, owner('ann'));
  events.emit('transferCreated', { id: 2 }, owner('bob'));
  events.emit('transferCreated', { id: 3 }, owner('ann', 'token'));
  events.emit('transferProgress', { id: 1 }, owner('ann'), { logged: false });
  expect(await names(caller())).toEqual(['transferCreated 1', 'transferCreated 3']);
  expect(await names(caller({ token: 'token' }))).toEqual(['transferCreated 3']);
  expect(await names(caller({ account: 'eve' }))).toEqual([]);
  expect(await names(caller({ superuser: true }))).toHaveLength(4);
});

it('filters by time and name, and pages from a time on', async () => {
  for (let id = 0; id < 10; id++) {
    nowUs += 10;
    events.emit(id % 2 ? 'transferUpdated' : 'transferCreated', { id }, owner('ann'));
  }
  expect(await names(caller(), { limit: 2 })).toEqual(['transferCreated 8', 'transferUpdated 9']);
  expect(await names(caller(), { since: 1_000_030, limit: 2 })).toEqual([
    'transferCreated 2',
    'transferUpdated 3',
  ]);
  expect(await names(caller(), { until: 1_000_030, events: ['transferUpdated'] })).toEqual([
    'transferUpdated 1',
  ]);
});

it('is not filled by refused logins, and says how many it left out', async () => {
  for (let address = 0; address < 2_000; address++) {
    for (let time = 0; time < 5; time++) events.emit('loginRefused', { remoteAddress: `192.0.2.${address}` });
  }
  for (let time = 0; time < 100; time++) events.emit('loginRefused', { remoteAddress: '192.0.2.0' });
  const superuser = caller({ superuser: true });
  expect(await names(superuser, { limit: 10_000 })).toHaveLength(500);
  nowUs += 1_200e6;
  events.emit('loginRefused', { remoteAddress: '198.51.100.1' });
  expect((await log.commands.getEventLog({ limit: 1 }, superuser))[0]).toMatchObject({
    remoteAddress: '198.51.100.1',
    suppressed: 9_600,
  });
  for (let time = 0; time < 100; time++) events.emit('loginRefused', { remoteAddress: '203.0.113.9' });
  expect(await names(superuser, { since: nowUs, limit: 10_000 })).toHaveLength(10);
});

it('forgets what is older than 90 days', async () => {
  events.emit('serverStarted', { id: 1 }, owner('ann'));
  nowUs += 90 * 86_400e6;
  events.emit('serverStarted', { id: 2 }, owner('ann'));
  nowUs += 1;
  await log.collect({ nowUs, lifetimeUs: 0 });
  expect(await names(caller())).toEqual(['serverStarted 2']);
});
