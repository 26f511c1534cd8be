import type { Parameters } from '@jetstream/api';
import { FILETYPE_DIRECTORY, FILETYPE_REGULAR_FILE } from '@jetstream/api';
import {
  type FileMapping,
  mapSources,
  resolveTarget,
  type SandboxRule,
  splitPath,
} from '@jetstream/manifest';
import type { ManifestFile, ManifestFileStore } from '@jetstream/state';

const KINDS = { [FILETYPE_DIRECTORY]: 'directory', [FILETYPE_REGULAR_FILE]: 'file', 6: undefined } as const;

/**
 * What a manifest is asked to be made of, with sources as paths from the root that the owner sees.
 * @throws JetStreamError `path-refused`, `name-invalid`
 */
export function resolveMappings(
  asked: Parameters<'send.createManifest'>['fileMappings'],
  sandbox: SandboxRule,
): FileMapping[] {
  return asked.map(({ source, target, fileType = 6 }) => {
    const mapped = mapSources([source], target)[0]!;
    splitPath(mapped.target);
    const { components } = resolveTarget({ sandbox, targetPath: source });
    return { source: `/${components.join('/')}`, target: mapped.target, kind: KINDS[fileType] };
  });
}

/** Mappings of manifests: there may be too many for a record. They are kept in the form of files, each with its kind as a size. */
export class RequestedMappings {
  readonly #store: ManifestFileStore;

  constructor(store: ManifestFileStore) {
    this.#store = store;
  }

  async put(manifestId: string, mappings: readonly FileMapping[]): Promise<void> {
    await this.#store.append(keyOf(manifestId), mappings.map(toRow));
  }

  async get(manifestId: string): Promise<FileMapping[]> {
    const mappings: FileMapping[] = [];
    for (;;) {
      const rows = await this.#store.read(keyOf(manifestId), mappings.length, PAGE);
      if (rows.length === 0) return mappings;
      for (const { srcPath, destPath, fileSize } of rows) {
        mappings.push({ source: srcPath, target: destPath, kind: KINDS[fileSize as keyof typeof KINDS] });
      }
    }
  }

  async remove(manifestId: string): Promise<void> {
    await this.#store.remove(keyOf(manifestId));
  }
}

const PAGE = 10_000;
const SUFFIX = '.mappings';

/** Apart from the key of the manifest's files, which is its id. */
function keyOf(manifestId: string): string {
  return `${manifestId}${SUFFIX}`;
}

/** Of a key of the store. */
export function manifestOfKey(key: string): string {
  return key.endsWith(SUFFIX) ? key.slice(0, -SUFFIX.length) : key;
}

function toRow({ source, target, kind }: FileMapping): ManifestFile {
  const fileSize = kind === undefined ? 6 : kind === 'file' ? FILETYPE_REGULAR_FILE : FILETYPE_DIRECTORY;
  return {
    srcPath: source,
    destPath: target,
    fileSize,
    isEmptyDir: false,
    executable: false,
    modificationTime: 0,
  };
}
