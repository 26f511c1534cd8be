import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { FileSystem } from '../file-system.ts';

/** Called before each operation, e.g. `rename` of a directory's handle with its arguments; throws to make it fail. */
export type Fault = (operation: string, parameters: readonly unknown[]) => void;

/** A file system, its directories and files, each of whose operations may be made to fail. */
export function faultyFileSystem(fileSystem: FileSystem, fault: Fault): FileSystem {
  return wrap(fileSystem, fault);
}

/** Fails an operation, from its `first` time on, `times` times. */
export function failing(
  operation: string,
  code: ErrorCode,
  { first = 1, times = Number.POSITIVE_INFINITY } = {},
): Fault {
  let count = 0;
  return (name) => {
    if (name !== operation || ++count < first || count >= first + times) return;
    throw new JetStreamError(code, `${operation} fails with ${code} by order of the test`);
  };
}

/** A process that may have so many descriptors. */
export function limitedFileSystem(fileSystem: FileSystem, maxOpen: number): FileSystem {
  let open = 0;
  return wrap(
    fileSystem,
    (operation) => {
      if (operation === 'close') open--;
      if (!OPENING.has(operation) || open < maxOpen) return;
      throw new JetStreamError('too-many-open-files', 'no descriptor is left');
    },
    () => open++,
  );
}

const OPENING = new Set(['openDirectory', 'openFile', 'createFile', 'reopenFile', 'openVolume']);

function wrap<T extends object>(inner: T, fault: Fault, onOpened: () => void = () => {}): T {
  return new Proxy(inner, {
    get(target, key) {
      const member = Reflect.get(target, key, target) as unknown;
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]) => {
        fault(String(key), parameters);
        const result = member.apply(target, parameters) as unknown;
        if (!OPENING.has(String(key)) || result === undefined) return result;
        onOpened();
        return wrap(result as object, fault, onOpened);
      };
    },
  });
}
