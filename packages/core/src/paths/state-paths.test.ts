import { type State, volatileState } from '@jetstream/state';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KnownPath } from '../contract.ts';
import { StatePaths } from './state-paths.ts';

let state: State;
let paths: StatePaths;

beforeEach(async () => {
  state = await volatileState();
  paths = new StatePaths(await state.collection('paths'));
});

afterEach(() => state.close());

const path = (network: string, ageMs = 0, fields: Partial<KnownPath> = {}): KnownPath => ({
  network,
  minRttUs: 50_000,
  rateBytesPerSecond: 1e6,
  seenAtMs: Date.now() - ageMs,
  ...fields,
});

it('has the latest of each path', async () => {
  const later = path('192.0.2.0', 0, { minRttUs: 7 });
  const other = path('192.0.2.0', 5, { localAddress: '198.51.100.1' });
  for (const saved of [path('192.0.2.0', 10), later, other]) await paths.save(saved);
  expect(await paths.load()).toEqual([later, other]);
});

it('forgets what is older than two days', async () => {
  await paths.save(path('192.0.2.0', 3 * 86_400_000));
  await paths.save(path('192.0.3.0'));
  expect((await paths.load()).map(({ network }) => network)).toEqual(['192.0.3.0']);
  expect((await state.collection('paths')).size).toBe(1);
});

it('forgets the oldest of too many', async () => {
  for (let at = 0; at < 1_030; at++) await paths.save(path(`2001:db8::${at.toString(16)}`, 5_000 - at));
  const kept = await paths.load();
  expect(kept).toHaveLength(1_024);
  expect(kept[0]!.network).toBe('2001:db8::6');
});
