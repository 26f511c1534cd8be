import { escapeName, type FileMapping, type ScanProblem } from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';
import type { ManifestFile, ManifestFileStore } from '@jetstream/state';
import type { ScannedSource } from '@jetstream/storage';
import type { StorageHost } from '../../storage/storage-host.ts';
import type { ScanRequest } from '../../storage/storage-operations.ts';
import type { ManifestProblem } from './record.ts';

const SCAN_NAMES = 1_000;
/** Found, and not written yet: as many pages as are worth one sync of the disk. */
const WRITE_FILES = 5_000;
/** JSON of all problems of one manifest: they are kept in its record. */
const MAX_PROBLEM_BYTES = 128 * 1024;

export interface ScanTotals {
  totalFiles: number;
  totalDirectories: number;
  totalSize: number;
  problems: ManifestProblem[];
}

/**
 * Finds what a manifest consists of, and stores it page by page.
 * @param storage a worker that nobody has used; its caller closes it
 * @throws JetStreamError why a mapping cannot be sent; `limit-exceeded` for too many files, or too many that cannot be read; why they
 *   could not be stored; `cancelled`
 */
export async function scanManifest(
  manifestId: string,
  request: ScanRequest,
  { files, storage, signal }: { files: ManifestFileStore; storage: StorageHost; signal: AbortSignal },
): Promise<ScanTotals> {
  const totals: ScanTotals = { totalFiles: 0, totalDirectories: 0, totalSize: 0, problems: [] };
  const problems = new Problems(request.mappings);
  let found: ManifestFile[] = [];
  let writing: Promise<void> | undefined;
  await storage.call('openScanner', request);
  for (let done = false; !done; ) {
    const batch = await storage.call('scan', SCAN_NAMES);
    if (signal.aborted) throw new JetStreamError('cancelled', 'the manifest was deleted');
    ({ done } = batch);
    totals.problems.push(...problems.take(batch.problems));
    for (const source of batch.sources) {
      found.push(toManifestFile(source));
      if (source.kind === 'file') totals.totalFiles++;
      else totals.totalDirectories++;
      totals.totalSize += source.size;
    }
    if (found.length < WRITE_FILES && !done) continue;
    await writing;
    writing = files.append(manifestId, found);
    // Told when it is waited for.
    writing.catch(() => undefined);
    found = [];
  }
  await writing;
  return totals;
}

/** What cannot be read somewhere in a tree is kept, and told with each transfer; without what a mapping names there is no manifest. */
class Problems {
  readonly #sources: ReadonlySet<string>;
  #bytes = 0;

  constructor(mappings: readonly FileMapping[]) {
    this.#sources = new Set(mappings.map(({ source }) => escapeName(source)));
  }

  take(problems: readonly ScanProblem[]): readonly ScanProblem[] {
    for (const problem of problems) {
      const { source, code, message } = problem;
      if (this.#sources.has(source)) throw new JetStreamError(code, message, { subject: source });
      this.#bytes += JSON.stringify(problem).length;
      if (this.#bytes <= MAX_PROBLEM_BYTES) continue;
      throw new JetStreamError(
        'limit-exceeded',
        `too much of it cannot be read, in the end ${message}: leave it out, or see to it that it can be read`,
        { subject: source },
      );
    }
    return problems;
  }
}

function toManifestFile(source: ScannedSource): ManifestFile {
  const { kind, size, mtimeSeconds, mtimeNanoseconds, executable, followed } = source;
  return {
    srcPath: source.source,
    destPath: source.target,
    fileSize: size,
    isEmptyDir: kind === 'directory',
    executable,
    modificationTime: mtimeSeconds * 1_000_000 + Math.floor(mtimeNanoseconds / 1_000),
    ...(followed && { followed }),
  };
}
