import { JetStreamError } from '@jetstream/protocol';
import type { ManifestFile, ManifestFileStore } from '@jetstream/state';
import type { ListedSource } from '@jetstream/storage';
import type { SourceList, SourcePage } from '../../content/source-list.ts';
import type { ManifestRecord } from './record.ts';

const PAGE_FILES = 1_000;

/** The files of a manifest, in their order, for a sender. The next page is read while one is looked up. */
export class ManifestList implements SourceList {
  readonly #record: ManifestRecord;
  readonly #files: Pick<ManifestFileStore, 'read'>;
  #from = 0;
  #next: Promise<SourcePage> | undefined;

  constructor(record: ManifestRecord, files: Pick<ManifestFileStore, 'read'>) {
    this.#record = record;
    this.#files = files;
  }

  next(): Promise<SourcePage> {
    const page = this.#next ?? this.#read();
    this.#next = page.then(
      ({ isLast }) => (isLast ? page : this.#read()),
      () => page,
    );
    this.#next.catch(() => undefined);
    return page;
  }

  async #read(): Promise<SourcePage> {
    const { manifestId, totalFiles, totalDirectories, problems } = this.#record;
    const isFirst = this.#from === 0;
    const files = await this.#files.read(manifestId, this.#from, PAGE_FILES);
    this.#from += files.length;
    const isLast = this.#from >= totalFiles! + totalDirectories!;
    if (files.length === 0 && !isLast) throw gone(manifestId);
    return { sources: files.map(toListedSource), problems: isFirst ? problems : [], isLast };
  }
}

function toListedSource({ srcPath, destPath, isEmptyDir, followed = false }: ManifestFile): ListedSource {
  return { source: srcPath, target: destPath, kind: isEmptyDir ? 'directory' : 'file', followed };
}

function gone(manifestId: string): JetStreamError {
  return new JetStreamError('io-error', 'stored files of the manifest are gone: make it anew', {
    subject: manifestId,
  });
}
