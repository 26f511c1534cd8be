import type { Permissions } from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { type OwnerIds, TargetPermissions } from './permissions.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';

const USERS = new Map([['ada', 5000]]);
const GROUPS = new Map([
  ['ada', 5001],
  ['staff', 1000],
]);

/** What a file gets from somebody, root or another, and whether it would be set again. */
function given(permissions: Permissions, isRoot: boolean, changes: Partial<OwnerIds> = {}) {
  const machine = new FakeMachine();
  const surroundings = fakeSurroundings(machine);
  const process = machine.start({ owner: isRoot ? { uid: 0, gid: 0 } : { uid: 1000, gid: 1000 } });
  const file = process.openDirectory([]).createFile('f', 'f');
  const owners: OwnerIds = {
    mayChange: isRoot,
    userId: (name) => USERS.get(name),
    groupId: (name) => GROUPS.get(name),
    ...changes,
  };
  const target = new TargetPermissions(0o022, owners);
  target.apply(file, permissions, 0o644);
  const { uid, gid, mode } = surroundings.status('/f')!;
  const wouldAgain = target.differ({ executable: false, permissions }, surroundings.status('/f')!);
  return { uid, gid, mode: mode.toString(8), wouldAgain };
}

const ADA: Permissions = { mode: 0o6755, uid: 1, gid: 2, user: 'ada', group: 'ada' };

describe('preserved permissions', () => {
  it('are given by root by the names of owner and group, with setuid and setgid', () => {
    expect(given(ADA, true)).toEqual({ uid: 5000, gid: 5001, mode: '6755', wouldAgain: false });
  });

  it('are given by root by number where there is no such name', () => {
    const permissions = { ...ADA, user: 'nobody-here', group: '' };
    expect(given(permissions, true)).toEqual({ uid: 1, gid: 2, mode: '6755', wouldAgain: false });
  });

  it('are but the mode where the owner may not be given, and lend nobody anything then', () => {
    expect(given(ADA, false)).toEqual({ uid: 1000, gid: 1000, mode: '755', wouldAgain: true });
    expect(given({ ...ADA, group: 'staff' }, false)).toEqual({
      uid: 1000,
      gid: 1000,
      mode: '2755',
      wouldAgain: false,
    });
  });

  it('are not given by number to somebody who is not root', () => {
    const permissions = { ...ADA, uid: 1000, gid: 1000, user: '', group: 'none' };
    expect(given(permissions, false)).toEqual({ uid: 1000, gid: 1000, mode: '755', wouldAgain: false });
  });

  it('are asked for once for each name, and a system that cannot say knows nobody', () => {
    const asked: string[] = [];
    const owners: OwnerIds = {
      mayChange: false,
      userId: (name) => asked.push(name),
      groupId() {
        throw new JetStreamError('io-error', 'the directory server is away');
      },
    };
    const target = new TargetPermissions(0o022, owners);
    const status = fakeSurroundings().status('/')!;
    for (let at = 0; at < 3; at++) target.differ({ executable: false, permissions: ADA }, status);
    expect(asked).toEqual(['ada']);
  });
});

describe('permissions that are not preserved', () => {
  const target = new TargetPermissions(0o027, { mayChange: true, userId: () => 1, groupId: () => 1 });
  const standing = (mode: number) => ({ ...fakeSurroundings().status('/')!, kind: 'file' as const, mode });

  it('are those of a new file, or what the old one let people do, with the executable bit of the source', () => {
    expect([target.modeOf(false, undefined), target.modeOf(true, undefined)]).toEqual([0o640, 0o750]);
    expect([target.modeOf(false, standing(0o4711)), target.modeOf(true, standing(0o604))]).toEqual([
      0o600, 0o705,
    ]);
  });

  it('differ by the executable bit alone', () => {
    const differ = (executable: boolean, mode: number) => target.differ({ executable }, standing(mode));
    expect([differ(true, 0o755), differ(false, 0o600), differ(true, 0o644), differ(false, 0o755)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});
