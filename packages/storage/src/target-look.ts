import { displayPath, partialName } from '@jetstream/manifest';
import { BLOCK_BYTES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { FileStatus } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import { HeldTimes, isSame } from './held-time.ts';
import type { OverwriteMode, SkipRule } from './overwrite-mode.ts';
import type { TargetPermissions } from './permissions.ts';
import { type Approach, approach } from './standing-target.ts';
import type { TargetFile } from './target-file.ts';
import { componentsOf, type TargetTree } from './target-tree.ts';

export interface TargetLookOptions {
  overwrite: OverwriteMode;
  skip: SkipRule;
  transferId: string;
}

/** What is to be done about a file, and what stood at its target. */
export interface Look {
  standing: FileStatus | undefined;
  approach: Approach;
}

/** Looks once at each target, before anything is sent: at its status alone. */
export class TargetLook {
  readonly #tree: TargetTree;
  readonly #handles: HandleCache;
  readonly #permissions: TargetPermissions;
  readonly #options: TargetLookOptions;
  readonly #times: HeldTimes;

  constructor(
    tree: TargetTree,
    handles: HandleCache,
    permissions: TargetPermissions,
    options: TargetLookOptions,
  ) {
    this.#tree = tree;
    this.#handles = handles;
    this.#permissions = permissions;
    this.#options = options;
    this.#times = new HeldTimes(partialName('time', `${options.transferId}-time`));
  }

  /**
   * Makes the file's directory where it is missing.
   * @throws JetStreamError when it cannot be looked at
   */
  at(file: TargetFile): Look {
    const standing = this.#tree.open(file.directory).status(file.name);
    const { size } = file;
    const found = approach(standing, { size, isOneChunk: size <= BLOCK_BYTES }, this.#options, (status) =>
      this.#hasSameTime(file, status),
    );
    return { standing, approach: found };
  }

  /** Whether what stands there, which has the right content, is to get another time or other permissions. */
  needsCorrection(file: TargetFile, standing: FileStatus): boolean {
    return !this.#hasSameTime(file, standing) || this.#permissions.differ(file, standing);
  }

  #hasSameTime(file: TargetFile, standing: FileStatus): boolean {
    // In nearly all cases, and then no directory is needed to find it out.
    if (isSame(standing, file)) return true;
    return this.#handles.attempt(() =>
      this.#times.isAsCopied(standing, file, this.#tree.open(file.directory)),
    );
  }
}

export function targetRefused(
  { directory, name }: Pick<TargetFile, 'directory' | 'name'>,
  code: ErrorCode,
  what: string,
): JetStreamError {
  const components = componentsOf(directory, name);
  return new JetStreamError(code, `${displayPath(components)}: ${what}`, {
    subject: `/${components.join('/')}`,
  });
}
