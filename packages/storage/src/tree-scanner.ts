import { type FileMapping, Scanner, type ScanProblem, sourceComponents } from '@jetstream/manifest';
import type { FileSystem } from './file-system.ts';
import { HandleCache } from './handle-cache.ts';
import type { ListedSource } from './listed-sources.ts';
import { scanWithin } from './scan-within.ts';

export interface TreeScannerOptions {
  fileSystem: FileSystem;
  mappings: readonly FileMapping[];
  symlinks: 'follow' | 'ignore';
}

/** As it was found; what is sent is looked up again by `TreeReader.lookUp`. */
export interface ScannedSource extends ListedSource {
  /** Bytes; 0 for a directory. */
  size: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  executable: boolean;
}

export interface ScannedBatch {
  sources: ScannedSource[];
  problems: ScanProblem[];
  done: boolean;
}

/** Finds what a manifest consists of, and keeps nothing of it. */
export interface TreeScanner {
  /** @param maxNames names looked at, at most */
  next(maxNames: number): ScannedBatch;
  close(): void;
}

export function createTreeScanner({ fileSystem, ...options }: TreeScannerOptions): TreeScanner {
  const handles = new HandleCache(1);
  const scanner = new Scanner({ ...options, fileSystem: scanWithin(handles, fileSystem) });
  return {
    next(maxNames) {
      const { found, problems, done } = scanner.nextBatch(maxNames);
      const sources = found.map(({ entry, directory, name, followed }): ScannedSource => {
        const { kind, targetPath: target, size, mtimeSeconds, mtimeNanoseconds, executable } = entry;
        const source = `/${sourceComponents(directory, name).join('/')}`;
        return { source, target, kind, followed, size, mtimeSeconds, mtimeNanoseconds, executable };
      });
      return { sources, problems, done };
    },
    close: () => scanner.close(),
  };
}
