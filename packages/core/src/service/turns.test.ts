import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

const begun: string[] = [];
const taker = (turns: Turns) => (owner: string, name: string, signal?: AbortSignal) =>
  turns.take(owner, signal).then(
    () => begun.push(name),
    ({ code }) => begun.push(`${name} ${code}`),
  );
const settle = () => new Promise((resolve) => setImmediate(resolve));

it('lets nobody keep the others waiting, and bounds who waits', async () => {
  const turns = new Turns({ running: 3, runningOfOwner: 2, waiting: 3, waitingOfOwner: 2 });
  const take = taker(turns);
  const leaving = new AbortController();
  for (const name of ['a1', 'a2', 'a3']) void take('ann', name);
  void take('ann', 'a4', leaving.signal);
  void take('ann', 'a5');
  void take('bob', 'b1');
  void take('bob', 'b2');
  void take('cem', 'c1');
  await settle();
  expect(begun.splice(0).sort()).toEqual(['a1', 'a2', 'a5 limit-exceeded', 'b1', 'c1 limit-exceeded']);
  leaving.abort();
  turns.end('bob');
  await settle();
  expect(begun.splice(0).sort()).toEqual(['a4 cancelled', 'b2']);
  turns.end('ann');
  turns.end('ann');
  turns.end('bob');
  await settle();
  expect(begun.splice(0)).toEqual(['a3']);
});
