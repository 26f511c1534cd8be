import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import { type Ffi, ffi, systemError } from '../ffi.ts';

/** Where `ip netns` keeps the names of network namespaces. */
const NAMES_DIRECTORY = '/run/netns';
const OWN_NAMESPACE = '/proc/thread-self/ns/net';
const CLONE_NEWNET = 0x40000000;

/**
 * Calls `action` with the calling thread inside the network namespace that `ip netns` knows by `name`: sockets and
 * devices it opens belong there for life. The action is synchronous, because no other thread goes along.
 * @throws the system error, for a name that does not exist or without the rights of root; JetStreamError `internal` if
 * the thread could not go back: the process must then end
 */
export function inNetworkNamespace<T>(name: string, action: () => T): T {
  const native = ffi();
  if (!native || process.platform !== 'linux') {
    throw new JetStreamError('not-found', 'network namespaces need Linux and native functions');
  }
  const own = openSync(OWN_NAMESPACE, constants.O_RDONLY);
  try {
    enter(native, join(NAMES_DIRECTORY, name));
    try {
      return action();
    } finally {
      returnTo(native, own);
    }
  } finally {
    closeSync(own);
  }
}

function enter(native: Ffi, path: string): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    if (setns(native, fd) !== 0) throw systemError(native.koffi.errno(), 'setns', path);
  } finally {
    closeSync(fd);
  }
}

function returnTo(native: Ffi, fd: number): void {
  if (setns(native, fd) !== 0) {
    throw new JetStreamError('internal', 'the thread is left in a foreign network namespace');
  }
}

function setns(native: Ffi, fd: number): number {
  return native.process.func('int setns(int, int)')(fd, CLONE_NEWNET) as number;
}
