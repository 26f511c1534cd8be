import type { ApiEvent } from '@jetstream/api';
import pino from 'pino';
import { expect, it } from 'vitest';
import { ServiceEvents } from './events.ts';

const events = () => new ServiceEvents({ wallUs: () => 7, monotonicUs: () => 0 }, pino({ level: 'silent' }));

it('tells an event to all who listen, with its time and owner', () => {
  const served = events();
  const heard: ApiEvent[] = [];
  const stop = served.subscribe((event) => heard.push(event));
  served.on('transferDeleted', (event) => heard.push(event));
  const owner = { owner: 'ann', ownerToken: 't', ownerTokenSession: null };
  served.emit('transferUpdated', { transferId: '1' }, owner);
  stop();
  served.emit('transferUpdated', { transferId: '2' }, owner);
  expect(heard).toEqual([
    { _event: 'transferUpdated', _timestamp: 7, transferId: '1', owner: 'ann', ownerToken: 't' },
  ]);
});

it('keeps what is to be logged apart from what comes too often', () => {
  const served = events();
  const logged: string[] = [];
  served.onLogged((event) => logged.push(event._event));
  served.emit('transferProgress', {}, undefined, { logged: false });
  served.emit('serverStarted', {});
  expect(logged).toEqual(['serverStarted']);
});

it('goes on when a listener fails', () => {
  const served = events();
  const heard: ApiEvent[] = [];
  served.subscribe(() => {
    throw new Error('broken');
  });
  served.subscribe((event) => heard.push(event));
  served.emit('serverStarted', {});
  expect(heard).toHaveLength(1);
});
