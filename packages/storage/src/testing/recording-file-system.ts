import type { FileSystem } from '../file-system.ts';

interface Recording {
  /** Whether its directories have a volume; if so it syncs nothing. */
  volume: boolean;
  /** Called with each step, e.g. `sync a`, `sync volume`, `sync directory`, `rename a`; throws to make it fail. */
  onStep: (step: string) => void;
}

/** A file system that tells of every step that has to do with durability, by the final name of the file. */
export function recordingFileSystem(inner: FileSystem, { volume, onStep }: Recording): FileSystem {
  const recorded = <T extends object>(target: T, label: string, of: Record<string, Member>): T =>
    new Proxy(target, {
      get(_, key) {
        const member = Reflect.get(target, key, target) as unknown;
        if (typeof member !== 'function') return member;
        const replaced = of[String(key)];
        return (...parameters: unknown[]) => {
          const call = () => member.apply(target, parameters) as unknown;
          if (replaced !== undefined) return replaced(call, parameters);
          if (STEPS.has(String(key))) onStep(`${String(key)} ${label}`);
          return call();
        };
      },
    });
  const file: Member = (open, [, name]) => recorded(open() as object, String(name), {});
  const directory = (open: () => unknown) =>
    recorded(open() as object, 'directory', {
      createFile: file,
      reopenFile: file,
      rename: (rename, [, name]) => {
        onStep(`rename ${name}`);
        return rename();
      },
      openVolume: () =>
        volume ? { sync: () => onStep('sync volume'), close: () => onStep('close volume') } : undefined,
    });
  return recorded(inner, 'root', { openDirectory: directory });
}

type Member = (call: () => unknown, parameters: unknown[]) => unknown;

const STEPS = new Set(['write', 'continueWriteBack', 'dropFromCache', 'sync', 'close']);
