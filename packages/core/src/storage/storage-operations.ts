import type { FileMapping, SandboxRule } from '@jetstream/manifest';
import type { DiskUse, Entry, Listing, OverwriteMode, SkipRule } from '@jetstream/storage';
import type { StorageOwner } from './storage-owner.ts';

/** What is looked for, and where. */
export interface ScanRequest extends StorageOwner {
  sandbox: SandboxRule;
  mappings: readonly FileMapping[];
  symlinks: 'follow' | 'ignore';
}

/** Where a tree is read from. */
export interface ReaderRequest extends ScanRequest {
  /** Offers digests only. */
  verify: boolean;
  /** Entries have their permissions. */
  preserve: boolean;
}

/** Where files are looked at and changed. */
export interface FilesRequest extends StorageOwner {
  sandbox: SandboxRule;
}

/** What somebody does with files of this machine, beside transfers. Paths are names from the top of the sandbox. */
export type FileOperation =
  | { kind: 'list'; path: readonly string[]; limit: number; after?: string | undefined }
  | { kind: 'use' | 'makeDirectory'; path: readonly string[] }
  | { kind: 'makeFile'; path: readonly string[]; content: string }
  | { kind: 'move'; from: readonly string[]; to: readonly string[] }
  | { kind: 'remove'; path: readonly string[]; recursive: boolean };

export interface FileOperationResults {
  list: Listing;
  use: DiskUse;
  makeDirectory: Entry;
  makeFile: Entry;
  move: Entry;
  remove: null;
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
