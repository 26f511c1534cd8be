import type { ManifestEntry, Permissions } from '@jetstream/manifest';
import { lookUpAccount, lookUpGroupId, mayChangeOwners } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { unlessRefused } from './errno.ts';
import type { FileStatus } from './file-system.ts';

/** How owners of other machines are found here. */
export interface OwnerIds {
  /** Any file may be given to anybody; so numbers are taken as they are where a name is nobody's here. */
  readonly mayChange: boolean;
  userId(name: string): number | undefined;
  groupId(name: string): number | undefined;
}

/** What has permissions: an open file or directory. */
export interface Permitted {
  status(): FileStatus;
  setMode(mode: number): void;
  setOwner(uid: number, gid: number): void;
}

const SETUID = 0o4000;
const SETGID = 0o2000;

/** The mode of files and, where owner and mode are preserved, these too: as cp(1) with `-p` gives them. */
export class TargetPermissions {
  readonly #umask: number;
  readonly #owners: OwnerIds;
  readonly #users: KnownIds;
  readonly #groups: KnownIds;

  /** @param owners default: those of this machine, by what this thread may do */
  constructor(umask: number, owners: OwnerIds = ownersOfThisMachine()) {
    this.#umask = umask;
    this.#owners = owners;
    this.#users = new KnownIds((name) => owners.userId(name));
    this.#groups = new KnownIds((name) => owners.groupId(name));
  }

  /**
   * That of a file as long as nothing is preserved. Who could not read or write the old file cannot read or write the new one: a
   * private key stays private.
   */
  modeOf(executable: boolean, standing: FileStatus | undefined): number {
    if (standing?.kind !== 'file') return (executable ? 0o755 : 0o644) & ~this.#umask;
    const readWrite = standing.mode & 0o666;
    return executable ? readWrite | ((readWrite & 0o444) >> 2) : readWrite;
  }

  /** That of a file that stays the same one, in which another content may stand then. */
  modeInPlace(executable: boolean, standing: FileStatus): number {
    return executable === isExecutable(standing) ? standing.mode : this.modeOf(executable, standing);
  }

  /** Whether a file that stays as it is would get other permissions by a copy, as far as may be seen before it is tried. */
  differ(entry: Pick<ManifestEntry, 'executable' | 'permissions'>, standing: FileStatus): boolean {
    const { executable, permissions } = entry;
    if (permissions === undefined) return executable !== isExecutable(standing);
    const { uid, gid } = this.#ownerOf(permissions);
    const [isOwner, isGroup] = [uid === standing.uid, gid === standing.gid];
    if (!isOwner && uid !== undefined && this.#owners.mayChange) return true;
    if (!isGroup && gid !== undefined) return true;
    return modeFor(permissions, isOwner, isGroup) !== standing.mode;
  }

  /**
   * Sets mode, and owner and group where that is allowed; what is refused is left, without a word.
   * @param mode of a file of which nothing is preserved
   */
  apply(to: Permitted, permissions: Permissions | undefined, mode: number): void {
    if (permissions === undefined) {
      unlessRefused(() => to.setMode(mode));
      return;
    }
    const status = to.status();
    const owner = this.#ownerOf(permissions);
    // The owner first: a change of it takes bits of the mode away.
    const isOwner = owner.uid !== undefined && this.#setOwner(to, status, owner.uid, status.gid);
    const uid = isOwner ? owner.uid! : status.uid;
    const isGroup = owner.gid !== undefined && this.#setOwner(to, { uid, gid: status.gid }, uid, owner.gid);
    unlessRefused(() => to.setMode(modeFor(permissions, isOwner, isGroup)));
  }

  #setOwner(to: Permitted, now: { uid: number; gid: number }, uid: number, gid: number): boolean {
    return (uid === now.uid && gid === now.gid) || unlessRefused(() => to.setOwner(uid, gid));
  }

  /** Undefined: nobody here is that. */
  #ownerOf({ uid, gid, user, group }: Permissions): { uid: number | undefined; gid: number | undefined } {
    const { mayChange } = this.#owners;
    return {
      uid: this.#users.idOf(user) ?? (mayChange ? uid : undefined),
      gid: this.#groups.idOf(group) ?? (mayChange ? gid : undefined),
    };
  }
}

function isExecutable({ mode }: FileStatus): boolean {
  return (mode & 0o100) !== 0;
}

/** Whose owner could not be given lends nobody's rights. */
function modeFor({ mode }: Permissions, isOwner: boolean, isGroup: boolean): number {
  return mode & ~((isOwner ? 0 : SETUID) | (isGroup ? 0 : SETGID));
}

/** What the system says of names, asked once for each. */
class KnownIds {
  readonly #find: (name: string) => number | undefined;
  readonly #ids = new Map<string, number | undefined>();

  constructor(find: (name: string) => number | undefined) {
    this.#find = find;
  }

  idOf(name: string): number | undefined {
    if (name === '') return undefined;
    if (!this.#ids.has(name)) {
      if (this.#ids.size >= MAX_KNOWN_IDS) this.#ids.clear();
      this.#ids.set(name, this.#ask(name));
    }
    return this.#ids.get(name);
  }

  /** A system that cannot say knows nobody. */
  #ask(name: string): number | undefined {
    try {
      return this.#find(name);
    } catch (error) {
      if (error instanceof JetStreamError) return undefined;
      throw error;
    }
  }
}

/** A sender may name as many as it has entries. */
const MAX_KNOWN_IDS = 10_000;

function ownersOfThisMachine(): OwnerIds {
  return {
    mayChange: mayChangeOwners(),
    userId: (name) => lookUpAccount(name)?.uid,
    groupId: lookUpGroupId,
  };
}
