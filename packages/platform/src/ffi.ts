import { createRequire } from 'node:module';
import { getSystemErrorMap } from 'node:util';
import type koffi from 'koffi';

type Koffi = typeof koffi;
export type NativeLibrary = ReturnType<Koffi['load']>;

export interface Ffi {
  readonly koffi: Koffi;
  /** What the node process itself has loaded: libc always, libcrypto in official builds. */
  readonly process: NativeLibrary;
}

let loaded: Ffi | undefined | 'not tried' = 'not tried';

/**
 * The way to native functions, or undefined where there is none: koffi has no build for this platform, or
 * `JETSTREAM_PORTABLE=1` is set. Every caller has a portable way or refuses in words.
 */
export function ffi(): Ffi | undefined {
  if (portableForced()) return undefined;
  if (loaded === 'not tried') loaded = load();
  return loaded;
}

/** `JETSTREAM_PORTABLE=1` keeps all of JetStream from calling native functions. */
export function portableForced(): boolean {
  return process.env.JETSTREAM_PORTABLE === '1';
}

/** The error Node itself would throw for this errno. */
export function systemError(errno: number, syscall: string, path: string): NodeJS.ErrnoException {
  const [code, meaning] = getSystemErrorMap().get(-errno) ?? [`Unknown system error -${errno}`, 'unknown'];
  return Object.assign(new Error(`${code}: ${meaning}, ${syscall} '${path}'`), {
    errno: -errno,
    code,
    syscall,
    path,
  });
}

function load(): Ffi | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    return { koffi, process: koffi.load(null) };
  } catch {
    return undefined;
  }
}
