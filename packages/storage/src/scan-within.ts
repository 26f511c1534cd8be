import type { ScanDirectory, ScanFileSystem } from '@jetstream/manifest';
import type { HandleCache } from './handle-cache.ts';

/** A file system for the scanner that takes descriptors back from the cache when the process is out of them. */
export function scanWithin(handles: HandleCache, fileSystem: ScanFileSystem): ScanFileSystem {
  return {
    status: (components) => handles.attempt(() => fileSystem.status(components)),
    openDirectory: (components) => handles.attempt(() => begun(fileSystem.openDirectory(components))),
  };
}

/** Reads the first name at once, because the listing takes a descriptor of its own by then. */
function begun(directory: ScanDirectory): ScanDirectory {
  const rest = directory.names();
  let first: IteratorResult<Uint8Array>;
  try {
    first = rest.next();
  } catch (error) {
    directory.close();
    throw error;
  }
  return {
    *names() {
      for (let next = first; !next.done; next = rest.next()) yield next.value;
    },
    status: (name) => directory.status(name),
    close: () => {
      rest.return?.();
      directory.close();
    },
  };
}
