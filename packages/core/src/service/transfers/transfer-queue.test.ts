import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type QueuedTransfer, TransferQueue } from './transfer-queue.ts';

let number = 0;
const transfer = (fields: Partial<QueuedTransfer> = {}): QueuedTransfer => ({
  transferId: String(++number).padStart(8, '0'),
  destinationId: 'far',
  owner: 'ann',
  priority: 100,
  requestTime: number,
  ...fields,
});
const ids = (transfers: (QueuedTransfer | undefined)[]) => transfers.map((one) => one?.transferId);

function queueOf(limits: Partial<ConstructorParameters<typeof TransferQueue>[0]>, waiting: QueuedTransfer[]) {
  const queue = new TransferQueue({ maxTransfers: 100, maxTransfersPerDestination: 100, ...limits });
  for (const one of waiting) queue.add(one);
  return queue;
}

/** Lets one run at a time until none is left. */
function drain(queue: TransferQueue): QueuedTransfer[] {
  const taken: QueuedTransfer[] = [];
  for (;;) {
    const next = queue.take();
    if (next === undefined) return taken;
    taken.push(next);
    queue.finish(next.transferId);
  }
}

describe('the queue of transfers', () => {
  it('takes the lowest priority first, and of equal ones the earliest', () => {
    const [late, early, urgent] = [
      transfer({ requestTime: 9 }),
      transfer({ requestTime: 3 }),
      transfer({ priority: 1 }),
    ];
    expect(ids(drain(queueOf({}, [late, early, urgent])))).toEqual(ids([urgent, early, late]));
  });

  it('runs no more at once than it may, in all and to one destination', () => {
    const waiting = [
      ...Array.from({ length: 5 }, () => transfer({ destinationId: 'a' })),
      ...Array.from({ length: 5 }, () => transfer({ destinationId: 'b' })),
    ];
    const queue = queueOf({ maxTransfers: 3, maxTransfersPerDestination: 2 }, waiting);
    expect([queue.take(), queue.take(), queue.take(), queue.take()].map((one) => one?.destinationId)).toEqual(
      ['a', 'a', 'b', undefined],
    );
    expect([queue.running, queue.waiting]).toEqual([3, 7]);
  });

  it('takes nothing for a destination that is held, and one when it is tried', () => {
    const [held, other] = [transfer({ destinationId: 'down' }), transfer({ destinationId: 'up' })];
    const queue = queueOf({}, [held, other, transfer({ destinationId: 'down' })]);
    queue.limitDestination('down', 0);
    expect([queue.take(), queue.take()]).toEqual([other, undefined]);
    queue.limitDestination('down', 1);
    expect([queue.take(), queue.take()]).toEqual([held, undefined]);
    queue.limitDestination('down', undefined);
    expect(queue.take()).toBeDefined();
  });

  it('lets a thousand transfers of one owner not keep another one waiting', () => {
    const many = Array.from({ length: 1_000 }, () => transfer({ owner: 'ann' }));
    const one = transfer({ owner: 'bob' });
    const queue = queueOf({ maxTransfers: 1 }, many);
    queue.finish(queue.take()!.transferId);
    queue.add(one);
    expect(queue.take()).toEqual(one);
  });

  it('forgets what is removed, and knows nothing of what was never there', () => {
    const [gone, stays] = [transfer(), transfer()];
    const queue = queueOf({}, [gone, stays]);
    queue.remove(gone.transferId);
    queue.remove(gone.transferId);
    queue.finish('nobody');
    expect(drain(queue)).toEqual([stays]);
    expect(queue.waiting).toBe(0);
  });

  it('has a transfer once: added again it stands at its new place, and while it runs it does not wait', () => {
    const [one, other] = [transfer(), transfer()];
    const queue = queueOf({}, [one, other, { ...other, priority: 1 }]);
    expect([queue.take()?.transferId, queue.waiting]).toEqual([other.transferId, 1]);
    queue.add(other);
    expect(ids([queue.take(), queue.take()])).toEqual([one.transferId, undefined]);
  });

  it('holds its limits and its order whatever comes and goes', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('add' as const),
        owner: fc.constantFrom('a', 'b', 'c'),
        destinationId: fc.constantFrom('x', 'y', 'z'),
        priority: fc.integer({ min: 0, max: 2 }),
        requestTime: fc.integer({ min: 0, max: 5 }),
      }),
      fc.record({ do: fc.constantFrom('take', 'finish', 'remove'), which: fc.nat() }),
      fc.record({
        do: fc.constant('limit'),
        at: fc.constantFrom('x', 'y'),
        to: fc.constantFrom(0, 1, undefined),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = queueOf({ maxTransfers: 4, maxTransfersPerDestination: 2 }, []);
        const waiting = new Map<string, QueuedTransfer>();
        const running = new Map<string, QueuedTransfer>();
        const limits: Record<string, number | undefined> = {};
        const some = (of: Map<string, QueuedTransfer>, which: number) => [...of.values()][which % of.size];
        const runningTo = (place: string) =>
          [...running.values()].filter(({ destinationId }) => destinationId === place).length;
        const runningOf = (who: string) => [...running.values()].filter(({ owner }) => owner === who).length;
        for (const one of steps) {
          if ('owner' in one) {
            const added = transfer(one);
            waiting.set(added.transferId, added);
            queue.add(added);
          } else if ('at' in one) {
            limits[one.at] = one.to;
            queue.limitDestination(one.at, one.to);
          } else if (one.do === 'finish') {
            const over = some(running, one.which);
            if (over === undefined) continue;
            running.delete(over.transferId);
            queue.finish(over.transferId);
          } else if (one.do === 'remove') {
            const gone = some(waiting, one.which);
            if (gone === undefined) continue;
            waiting.delete(gone.transferId);
            queue.remove(gone.transferId);
          } else {
            const able = [...waiting.values()].filter(
              ({ destinationId: to }) => runningTo(to) < (limits[to] ?? 2) && running.size < 4,
            );
            const taken = queue.take();
            expect(taken === undefined).toBe(able.length === 0);
            if (taken === undefined) continue;
            const rivals = able.filter(({ priority }) => priority === taken.priority);
            expect(able.every(({ priority }) => priority >= taken.priority)).toBe(true);
            expect(rivals.every(({ owner }) => runningOf(owner) >= runningOf(taken.owner))).toBe(true);
            const own = rivals.filter(({ owner }) => owner === taken.owner);
            expect(own.every(({ requestTime }) => requestTime >= taken.requestTime)).toBe(true);
            waiting.delete(taken.transferId);
            running.set(taken.transferId, taken);
          }
          expect([queue.waiting, queue.running]).toEqual([waiting.size, running.size]);
        }
      }),
    );
  });
});
