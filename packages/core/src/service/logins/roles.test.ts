import type { Wrangler } from '@jetstream/api';
import type { Account } from '@jetstream/platform';
import { volatileState } from '@jetstream/state';
import { describe, expect, it } from 'vitest';
import { Roles, type RolesOptions } from './roles.ts';

const GROUPS: Record<string, number> = { wheel: 10, staff: 50, ops: 60 };

function account(name: string, ...groups: string[]): Account {
  const ids = groups.map((group) => GROUPS[group]!);
  return { name, uid: 1, gid: 1, groups: [1, ...ids], homeDirectory: '/', shell: '', fullName: '' };
}

async function rolesWith(options: RolesOptions = {}, groups: Record<string, number> = GROUPS) {
  const accounts = [account('runner'), account('ada', 'wheel'), account('bob', 'staff'), account('eve')];
  const state = await volatileState();
  const database = {
    currentUser: () => accounts[0]!,
    lookUpAccount: (name: string) => accounts.find((one) => one.name === name),
    lookUpGroupId: (name: string) => groups[name],
  };
  return new Roles(options, await state.collection<Wrangler>('wranglers'), database);
}

const superusersOf = (roles: Roles) =>
  ['runner', 'ada', 'bob', 'eve', 'nobody', ''].filter((name) => roles.mayBeSuperuser(name));
const wranglersOf = (roles: Roles) =>
  ['runner', 'ada', 'bob', 'eve', 'nobody', ''].filter((name) => roles.mayBeWrangler(name));

describe('superusers', () => {
  it('are the account that runs the server, and the administrators of the system', async () => {
    expect(superusersOf(await rolesWith())).toEqual(['runner', 'ada']);
    expect(superusersOf(await rolesWith({}, { ...GROUPS, sudo: 50 }))).toEqual(['runner', 'bob']);
    expect(superusersOf(await rolesWith({}, {}))).toEqual(['runner']);
  });

  it('are who the options name', async () => {
    expect(superusersOf(await rolesWith({ superusers: ['eve'], supergroups: [] }))).toEqual([
      'runner',
      'eve',
    ]);
    expect(superusersOf(await rolesWith({ supergroups: ['staff', 'no-such-group'] }))).toEqual([
      'runner',
      'bob',
    ]);
  });
});

describe('wranglers', () => {
  it('are superusers, and whoever a superuser names, until that is taken back', async () => {
    const roles = await rolesWith();
    expect(wranglersOf(roles)).toEqual(['runner', 'ada']);
    expect(await roles.commands.addWranglerAsync({ user: 'eve' })).toEqual({ user: 'eve', group: null });
    expect(await roles.commands.addWranglerAsync({ group: 'staff' })).toEqual({ user: null, group: 'staff' });
    await roles.commands.addWranglerAsync({ group: 'staff' });
    expect(wranglersOf(roles)).toEqual(['runner', 'ada', 'bob', 'eve']);
    expect(superusersOf(roles)).toEqual(['runner', 'ada']);
    expect(roles.commands.getWranglers()).toEqual([
      { user: null, group: 'staff' },
      { user: 'eve', group: null },
    ]);
    await roles.commands.deleteWrangler({ group: 'staff' });
    expect(wranglersOf(roles)).toEqual(['runner', 'ada', 'eve']);
  });

  it('are accounts and groups that there are, a user not being a group of that name', async () => {
    const roles = await rolesWith();
    for (const who of [{ user: 'nobody' }, { group: 'nobody' }, { user: 'staff' }])
      await expect(roles.commands.addWranglerAsync(who)).rejects.toMatchObject({ code: 'not-found' });
    await roles.commands.addWranglerAsync({ group: 'ops' });
    await expect(roles.commands.deleteWrangler({ user: 'ops' })).rejects.toMatchObject({ code: 'not-found' });
    expect(wranglersOf(roles)).toEqual(['runner', 'ada']);
  });
});
