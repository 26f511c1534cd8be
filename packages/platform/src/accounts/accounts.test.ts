import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookUpAccount, lookUpGroupId, lookUpGroupName, lookUpUserName } from './account.ts';
import { fileAccounts } from './account-files.ts';
import { currentUser } from './current-user.ts';

describe('accounts of this machine', () => {
  it('finds root with all that belongs to it', () => {
    expect(lookUpAccount('root')).toMatchObject({ name: 'root', uid: 0, gid: 0, homeDirectory: '/root' });
    expect(lookUpAccount('root')!.groups).toContain(0);
  });

  it('agrees with the files about an account that stands there', () => {
    for (const name of ['root', 'daemon', 'nobody']) {
      const { groups, ...rest } = lookUpAccount(name)!;
      const { groups: groupsInFiles, ...restInFiles } = fileAccounts().lookUp(name)!;
      expect(rest).toEqual(restInFiles);
      expect([...groups].sort()).toEqual([...groupsInFiles].sort());
    }
  });

  it.each(['', 'no-such-account-here', 'root\0', 'root:x', '../root', 'ro\not', '0', 'x'.repeat(100_000)])(
    'finds nobody, least of all root, by the name %j',
    (name) => {
      expect(lookUpAccount(name)).toBeUndefined();
    },
  );

  it('finds names by number, and a group by its name, as the files have them', () => {
    const files = fileAccounts();
    for (const id of [0, 1, 2, 65_534]) {
      expect(lookUpUserName(id)).toBe(files.userName(id));
      expect(lookUpGroupName(id)).toBe(files.groupName(id));
      const name = files.groupName(id);
      if (name !== undefined) expect(lookUpGroupId(name)).toBe(id);
    }
    expect([lookUpUserName(0), lookUpGroupName(0), lookUpGroupId('root')]).toEqual(['root', 'root', 0]);
  });

  it('finds nothing by a number that nobody has, nor by a name that cannot be one', () => {
    expect([lookUpUserName(4_000_000_123), lookUpGroupName(4_000_000_123)]).toEqual([undefined, undefined]);
    for (const name of ['', 'no-such-group-here', 'root\0', 'root:x']) {
      expect(lookUpGroupId(name)).toBe(undefined);
    }
  });

  it('knows the account that runs the process', () => {
    const user = currentUser();
    expect(user.name).toBe(userInfo().username);
    expect(user.uid).toBe(process.geteuid!());
    expect(user.groups).toContain(process.getegid!());
  });
});

describe('accounts by files', () => {
  function database(passwd: string, group = '') {
    const directory = mkdtempSync(join(tmpdir(), 'accounts-'));
    writeFileSync(join(directory, 'passwd'), passwd);
    writeFileSync(join(directory, 'group'), group);
    const accounts = fileAccounts(join(directory, 'passwd'), join(directory, 'group'));
    return { ...accounts, remove: () => rmSync(directory, { recursive: true }) };
  }

  it('reads an account and its groups', () => {
    const { lookUp, remove } = database(
      'root:x:0:0:root:/root:/bin/bash\nada:x:1000:1001:Ada Lovelace,Room 1,,:/home/ada:/bin/sh\n',
      'ada:x:1001:\nstaff:x:50:bob,ada\nadamant:x:51:adamant\nbroken:x::ada\n',
    );
    expect(lookUp('ada')).toEqual({
      name: 'ada',
      uid: 1000,
      gid: 1001,
      groups: [1001, 50],
      homeDirectory: '/home/ada',
      shell: '/bin/sh',
      fullName: 'Ada Lovelace',
    });
    remove();
  });

  it('reads names by number, and groups by name', () => {
    const { userName, groupName, groupId, remove } = database(
      'ada:x:1000:1001:::\nbad:x::0:::\n',
      'staff:x:50:bob,ada\nbroken:x::ada\n',
    );
    expect([userName(1000), userName(0), userName(1001)]).toEqual(['ada', undefined, undefined]);
    expect([groupName(50), groupName(0)]).toEqual(['staff', undefined]);
    expect([groupId('staff'), groupId('broken'), groupId('none')]).toEqual([50, undefined, undefined]);
    remove();
  });

  it.each([
    'eve:x::0:::',
    'eve:x:0',
    'eve:x:-1:0:::',
    'eve:x: 0:0:::',
    'eve:x:0x0:0:::',
    'eve:x:4294967295:0:::',
    'eve:x:99999999999:0:::',
    '+eve::::::',
    '#eve:x:0:0:::',
    '',
  ])('makes no account of the line %j', (line) => {
    const { lookUp, remove } = database(`${line}\n`);
    expect(lookUp('eve')).toBeUndefined();
    remove();
  });

  it('has no accounts where there are no files', () => {
    expect(fileAccounts('/nonexistent/passwd', '/nonexistent/group').lookUp('root')).toBeUndefined();
  });
});
