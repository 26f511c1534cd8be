import {
  type ApiCaller,
  type ApiHandlers,
  type DirectoryEntry,
  type DirectoryListing,
  FILETYPE_DIRECTORY,
  FILETYPE_REGULAR_FILE,
  type ListedPath,
  type TokenPermissions,
} from '@jetstream/api';
import { escapeName, type SandboxRule, splitTargetPath } from '@jetstream/manifest';
import type { Account } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import type { Entry } from '@jetstream/storage';
import { asJetStreamError } from '../../content/failure.ts';
import type { FileOperation } from '../../storage/storage-operations.ts';
import { accountNamed } from '../account.ts';
import type { Sandboxes } from '../sandboxes/sandboxes.ts';
import { requirePermission } from '../tokens/permissions.ts';
import type { FileWork, Perform } from './file-work.ts';

export type FileCommands = Pick<
  ApiHandlers,
  | 'lsAsync'
  | 'lsListAsync'
  | 'lsRootsAsync'
  | 'duAsync'
  | 'mkdirAsync'
  | 'mkFileAsync'
  | 'mvAsync'
  | 'rmAsync'
>;

/** Of all directories of one list; each has one at least. */
const MAX_ENTRIES = 10_000;

/** Looks at files of this machine and changes them, as the caller's account and within what it sees. */
export function fileCommands(
  work: FileWork,
  sandboxes: Sandboxes,
  accountOf: (name: string) => Account = accountNamed,
): FileCommands {
  const sandboxOf = (caller: ApiCaller): { account: Account; sandbox: SandboxRule } => {
    const account = accountOf(caller.account);
    return { account, sandbox: sandboxes.ruleFor(account, caller.path) };
  };

  const session = async <T>(
    permission: keyof TokenPermissions,
    caller: ApiCaller,
    signal: AbortSignal,
    use: (perform: Perform) => Promise<T>,
  ): Promise<T> => {
    requirePermission(caller, permission);
    const { account, sandbox } = sandboxOf(caller);
    return work.run(account, sandbox, signal, use);
  };

  const run = <O extends FileOperation>(
    operation: O,
    permission: keyof TokenPermissions,
    caller: ApiCaller,
    signal: AbortSignal,
  ) => session(permission, caller, signal, (perform) => perform(operation));

  return {
    lsAsync: ({ path, limit, after }, caller, { signal }) =>
      session('download', caller, signal, (perform) => list(perform, path, limit, after)),

    lsListAsync: ({ paths, limit }, caller, { signal }) =>
      session('download', caller, signal, async (perform) => {
        const listed: ListedPath[] = [];
        let left = MAX_ENTRIES;
        for (const path of paths) {
          try {
            const listing = await list(perform, path, Math.max(1, Math.min(limit, left)));
            left -= listing.entries.length;
            listed.push({ ...listing, errorCode: null, errorMessage: null });
          } catch (error) {
            if (signal.aborted) throw error;
            const { code, message } = asJetStreamError(error);
            listed.push({ path, entries: [], truncated: false, errorCode: code, errorMessage: message });
          }
        }
        return listed;
      }),

    lsRootsAsync(_, caller) {
      requirePermission(caller, 'download');
      const { mounts } = sandboxOf(caller).sandbox;
      return mounts.map(({ name }) => ({ name: name || '/', path: `/${name}` }));
    },

    async duAsync({ path }, caller, { signal }) {
      const names = splitTargetPath(path);
      const { bytes, files, directories, unreadable } = await run(
        { kind: 'use', path: names },
        'download',
        caller,
        signal,
      );
      return {
        path: pathOf(names),
        totalSize: bytes,
        totalFiles: files,
        totalDirectories: directories,
        unreadable,
      };
    },

    async mkdirAsync({ path }, caller, { signal }) {
      const names = splitTargetPath(path);
      return describe(await run({ kind: 'makeDirectory', path: names }, 'delete', caller, signal), names);
    },

    async mkFileAsync({ path, content }, caller, { signal }) {
      const names = splitTargetPath(path);
      return describe(await run({ kind: 'makeFile', path: names, content }, 'upload', caller, signal), names);
    },

    async mvAsync({ source, target }, caller, { signal }) {
      const [from, to] = [splitTargetPath(source), splitTargetPath(target)];
      return describe(await run({ kind: 'move', from, to }, 'delete', caller, signal), to);
    },

    async rmAsync({ path, recursive }, caller, { signal }) {
      const names = splitTargetPath(path);
      if (names.length === 0) {
        throw new JetStreamError('path-refused', `${escapeName(path)}: the top stays where it is`, {
          subject: path,
        });
      }
      return run({ kind: 'remove', path: names, recursive }, 'delete', caller, signal);
    },
  };
}

async function list(
  perform: Perform,
  path: string,
  limit: number,
  after?: string,
): Promise<DirectoryListing> {
  const names = splitTargetPath(path);
  const { isDirectory, entries, truncated } = await perform({ kind: 'list', path: names, limit, after });
  const parent = isDirectory ? names : names.slice(0, -1);
  return {
    path: pathOf(names),
    entries: entries.map((entry) => describe(entry, [...parent, entry.name])),
    truncated,
  };
}

const FILE_TYPES = { file: FILETYPE_REGULAR_FILE, directory: FILETYPE_DIRECTORY, other: 0 } as const;

function describe({ type, mode, ...entry }: Entry, names: readonly string[]): DirectoryEntry {
  return { ...entry, path: pathOf(names), fileType: FILE_TYPES[type], permissions: mode };
}

function pathOf(names: readonly string[]): string {
  return `/${names.join('/')}`;
}
