import type { ApiCaller } from '@jetstream/api';
import { describe, expect, it } from 'vitest';
import { apiCaller } from '../testing/api-caller.ts';
import { findOwned, maySee, type Owner, ownerOf } from './owner.ts';

const caller = (fields: Partial<ApiCaller> = {}) => apiCaller({ account: 'ann', ...fields });
const owner = (name: string, token: string | null = null): Owner => ({
  owner: name,
  ownerToken: token,
  ownerTokenSession: null,
});

describe('whose an object is', () => {
  it.each([
    ['an account sees its own', caller(), owner('ann'), true],
    ['an account sees what its tokens made', caller(), owner('ann', 't'), true],
    ['an account does not see those of others', caller(), owner('bob'), false],
    ['a token sees what it made', caller({ token: 't' }), owner('ann', 't'), true],
    ['a token does not see what its account made', caller({ token: 't' }), owner('ann'), false],
    ['a token does not see what another made', caller({ token: 't' }), owner('ann', 'u'), false],
    ['a superuser sees all', caller({ superuser: true }), owner('bob'), true],
    ['a wrangler sees all', caller({ wrangler: true }), owner('bob', 't'), true],
  ])('%s', (_what, who, whose, sees) => {
    expect(maySee(who, whose)).toBe(sees);
  });

  it("is told in the same words for what is not there and for what is another's", () => {
    const objects = new Map([['1', owner('bob')]]);
    const message = (id: string) => {
      try {
        return findOwned(objects, id, caller(), 'thing');
      } catch (error) {
        return (error as Error).message.replace(id, 'ID');
      }
    };
    expect(message('1')).toBe(message('2'));
    expect(findOwned(objects, '1', caller({ account: 'bob' }), 'thing')).toEqual(owner('bob'));
  });

  it('is what its maker was logged in as', () => {
    expect(ownerOf(caller({ token: 't', tokenSession: 's' }))).toEqual({
      owner: 'ann',
      ownerToken: 't',
      ownerTokenSession: 's',
    });
  });
});
