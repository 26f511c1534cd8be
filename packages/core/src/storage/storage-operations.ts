import type { SandboxRule } from '@jetstream/manifest';
import type { Account } from '@jetstream/platform';
import type { OverwriteMode, SkipRule } from '@jetstream/storage';

/** Whose rights the worker has, from before it opens its tree to its end. */
export interface StorageOwner {
  /** Act as this account; undefined: as the process. */
  actAs: Account | undefined;
}

/** What is looked for, and where. */
export interface ScanRequest extends StorageOwner {
  sandbox: SandboxRule;
  mappings: readonly { source: string; target: string }[];
  symlinks: 'follow' | 'ignore';
}

/** Where a tree is read from. */
export interface ReaderRequest extends ScanRequest {
  /** Offers digests only. */
  verify: boolean;
  /** Entries have their permissions. */
  preserve: boolean;
}

/** How a tree is written. */
export interface WriterRules {
  overwrite: OverwriteMode;
  skip: SkipRule;
  readBack: boolean;
  /** Compares and writes nothing. */
  verify: boolean;
  /** Gives files the permissions that their entries have. */
  preserve: boolean;
  /** Somebody keeps records of what is unfinished. */
  resumable: boolean;
}

/** Where a tree is written to, and which rule makes a place of a target path. */
export type WriterRequest = StorageOwner &
  WriterRules & { transferId: string } & (
    | { rule: 'server'; sandbox: SandboxRule; destinationPath: string }
    /** Client of a download: the first component of a target path is the number of its mapping. */
    | { rule: 'mappings'; localTargets: readonly string[] }
  );
