import type { ApiEvent } from '@jetstream/api';
import { type State, volatileState } from '@jetstream/state';
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.ts';
import { ServiceEvents } from '../events.ts';
import type { ServicePart } from '../part.ts';
import { Settings } from '../settings/settings.ts';
import { CleanUp } from './clean-up.ts';
import type { CleanUpTime } from './removed.ts';

const HOUR_MS = 3_600_000;
const logger = pino({ level: 'silent' });

let state: State;
let timers: ManualClock;
let setOnUs: number;
let runs: { part: string; time: CleanUpTime }[];
let cleanUp: CleanUp;
let heard: ApiEvent[];

const part = (name: string, removed: object): ServicePart => ({
  collect: async (time) => {
    runs.push({ part: name, time });
    return removed;
  },
});

async function open(...parts: ServicePart[]): Promise<CleanUp> {
  const clock = {
    wallUs: () => 5_000 + setOnUs + timers.nowMs() * 1000,
    monotonicUs: () => timers.nowMs() * 1000,
  };
  const events = new ServiceEvents(clock, logger);
  events.subscribe((event) => heard.push(event));
  return new CleanUp({ clock, timers, events, logger }, await Settings.open(state), parts);
}

beforeEach(async () => {
  state = await volatileState();
  timers = new ManualClock();
  setOnUs = 0;
  [runs, heard] = [[], []];
  cleanUp = await open(
    part('manifests', { manifestsDeleted: 1 }),
    {},
    part('transfers', { transfersDeleted: 2, receiveTransfersDeleted: 3 }),
  );
});

afterEach(async () => {
  await cleanUp.close();
  await state.close();
});

it('runs at the start and each hour, those who use before what is used', async () => {
  cleanUp.start();
  await timers.advance(HOUR_MS - 1);
  expect(runs.map(({ part }) => part)).toEqual(['transfers', 'manifests']);
  await timers.advance(1);
  await timers.advance(HOUR_MS);
  expect(runs).toHaveLength(6);
  expect(runs.at(-1)!.time).toEqual({ nowUs: 5_000 + 2 * HOUR_MS * 1000, lifetimeUs: 48 * 3_600e6 });
});

it('believes a clock that was set on only once it has stayed so from one run to the next, one that was set back at once', async () => {
  const nowUs = async () => {
    await cleanUp.run();
    return runs.at(-1)!.time.nowUs;
  };
  expect(await nowUs()).toBe(5_000);
  setOnUs = 1e15;
  await timers.advance(1);
  expect(await nowUs()).toBe(6_000);
  setOnUs = 0;
  expect(await nowUs()).toBe(6_000);
  setOnUs = 1e15;
  await nowUs();
  expect(await nowUs()).toBe(6_000 + 1e15);
  setOnUs = -7;
  expect(await nowUs()).toBe(6_000 - 7);
});

it('tells what it has removed, also where a part fails', async () => {
  cleanUp = await open(part('one', { tokensDeleted: 4 }), {
    collect: async () => {
      throw new Error('broken');
    },
  });
  expect(await cleanUp.commands.garbageCollect()).toEqual({
    transfersDeleted: 0,
    manifestsDeleted: 0,
    receiveTransfersDeleted: 0,
    tokensDeleted: 4,
  });
});

it('keeps its settings, acts on them at once, and waits for longer than a timer bears', async () => {
  cleanUp.start();
  await timers.advance(0);
  const year = 31_536_000;
  expect(await cleanUp.commands.updateGarbageCollectSettings({ intervalSeconds: year })).toEqual({
    intervalSeconds: year,
    lifetimeSeconds: 172_800,
  });
  expect(heard.map(({ _event }) => _event)).toEqual(['settingsUpdated']);
  await timers.advance(30 * 24 * HOUR_MS);
  expect(runs).toHaveLength(2);
  await cleanUp.commands.updateGarbageCollectSettings({ intervalSeconds: 60, lifetimeSeconds: 90 });
  await timers.advance(0);
  expect(runs).toHaveLength(4);
  expect(runs.at(-1)!.time.lifetimeUs).toBe(90e6);
  await cleanUp.close();
  cleanUp = await open();
  expect(cleanUp.settings).toEqual({ intervalSeconds: 60, lifetimeSeconds: 90 });
});
