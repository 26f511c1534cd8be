import { getSystemErrorMap } from 'node:util';
import { bindSocket } from './bound-socket.ts';
import type { NativeSocket, NativeSocketOptions } from './contract.ts';
import { LinuxSocket } from './native-socket.ts';
import { linuxSyscalls, nativeSocketRefusal, type Syscalls } from './syscalls.ts';

/**
 * Opens a UDP socket for a thread that blocks in it: Linux on x64 and arm64, through native functions. undefined where
 * there is none, and with JETSTREAM_PORTABLE=1 (`onRefusal` is told why): `openPortableDatagramPath` works everywhere.
 * @throws JetStreamError `address-in-use`, `permission-denied`, `invalid-argument` when the port cannot be had
 */
export function openNativeSocket(options: NativeSocketOptions = {}): NativeSocket | undefined {
  const refusal = nativeSocketRefusal();
  if (refusal === undefined) return openSocketWith(linuxSyscalls()!, options);
  options.onRefusal?.(refusal);
  return undefined;
}

/** The same on system calls of one's own. */
export function openSocketWith(syscalls: Syscalls, options: NativeSocketOptions): NativeSocket | undefined {
  const bound = bindSocket(syscalls, options);
  const missing = missingCall(syscalls, bound.fd);
  if (missing === undefined) return new LinuxSocket(syscalls, bound, options.wakeEvent);
  syscalls.close(bound.fd);
  options.onRefusal?.(missing);
  return undefined;
}

/** Asked for nothing, a call that a sandbox forbids or an emulated kernel lacks says so all the same. */
function missingCall(syscalls: Syscalls, fd: number): string | undefined {
  const results = {
    recvmmsg: syscalls.recvmmsg(fd, 0, 0, 0),
    sendmmsg: syscalls.sendmmsg(fd, 0, 0, 0),
    ppoll: syscalls.ppoll(0, 0, syscalls.memory(16).address),
  };
  for (const [name, result] of Object.entries(results)) {
    if (result < 0) return `the system refuses ${name}: ${getSystemErrorMap().get(result)?.[0] ?? result}`;
  }
  return undefined;
}
