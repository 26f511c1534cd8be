import type { UserData } from '@jetstream/api';
import { describe, expect, it } from 'vitest';
import { caller } from '../testing/transfer-service.ts';
import { type UserDataHolder, userDataCommands } from './user-data.ts';

const context = { signal: new AbortController().signal };

function kept() {
  let userData: UserData = { keep: 1, drop: 2 };
  const holder: UserDataHolder = {
    changeUserData: async (_id, _caller, change) => {
      userData = change(userData);
      return userData;
    },
  };
  const nobody: UserDataHolder = {
    changeUserData: () => Promise.reject(new Error('asked for another kind')),
  };
  return userDataCommands({ destinationId: nobody, manifestId: nobody, transferId: holder, token: nobody });
}

describe('user data', () => {
  const ann = caller('ann');

  it('is added to, and taken away from, an object of the kind that is named', async () => {
    const commands = kept();
    const update = commands['send.updateObjectUserData'];
    expect(await update({ transferId: '1', userData: { keep: 3, more: [] } }, ann, context)).toEqual({
      keep: 3,
      drop: 2,
      more: [],
    });
    const remove = commands['send.deleteObjectUserData'];
    expect(await remove({ transferId: '1', keys: ['drop', 'nothing'] }, ann, context)).toEqual({
      keep: 3,
      more: [],
    });
    expect(await remove({ transferId: '1' }, ann, context)).toEqual({});
  });

  it('is bounded as a whole, however little comes at once', async () => {
    const update = kept()['send.updateObjectUserData'];
    const part = (from: number) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`key${from + at}`, at]));
    await update({ transferId: '1', userData: part(0) }, ann, context);
    await expect(update({ transferId: '1', userData: part(40) }, ann, context)).rejects.toMatchObject({
      code: 'invalid-argument',
      subject: 'userData',
    });
  });
});
