import { describe, expect, it } from 'vitest';
import { caller } from '../testing/transfer-service.ts';
import { listObjects } from './object-list.ts';

const object = (id: number, fields = {}) => ({
  id,
  owner: 'ann',
  ownerToken: null,
  ownerTokenSession: null,
  requestTime: id,
  userData: {},
  ...fields,
});
const all = { limit: 100, offset: 0, order: 'oldest' } as const;
const objects = [
  object(3, { userData: { job: 7 } }),
  object(1),
  object(2, { owner: 'bob', userData: JSON.parse('{"__proto__": 1}') }),
];
const ids = (filters: object, who = caller('ann', { superuser: true })) =>
  listObjects(objects, { ...all, ...filters }, who).map(({ id }) => id);

describe('a list of objects', () => {
  it('has those that the caller may see, in the order of their making', () => {
    expect(ids({}, caller('ann'))).toEqual([1, 3]);
    expect(ids({ owner: 'bob' }, caller('ann'))).toEqual([]);
    expect(ids({ order: 'newest' })).toEqual([3, 2, 1]);
  });

  it('is narrowed down by owner, time and user data', () => {
    expect(ids({ owner: 'bob' })).toEqual([2]);
    expect(ids({ since: 2, until: 3 })).toEqual([2]);
    expect(ids({ userData: { job: 7 } })).toEqual([3]);
    expect(ids({ userData: { toString: null } })).toEqual([]);
    expect(ids({ userData: JSON.parse('{"__proto__": 1}') })).toEqual([2]);
  });

  it('comes page by page', () => {
    expect([ids({ limit: 2 }), ids({ limit: 2, offset: 2 }), ids({ offset: 9 })]).toEqual([[1, 2], [3], []]);
  });
});
