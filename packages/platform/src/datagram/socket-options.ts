import { ffi } from '../ffi.ts';
import {
  IP_MTU_DISCOVER,
  IPV6_MTU_DISCOVER,
  PMTUDISC_PROBE,
  SO_RCVBUFFORCE,
  SO_SNDBUFFORCE,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from './native/linux-abi.ts';

/** The kernel doubles it in 32 bits. */
const MAX_BUFFER_BYTES = 2 ** 30 - 1;
/** Ample for a fast path: at 10 Gbit/s the kernel keeps 13 ms of it. */
const USUAL_BUFFER_BYTES = 16 * 2 ** 20;

/**
 * What is asked of the kernel for each direction of a socket; it grants what rights and limits allow.
 * `JETSTREAM_SOCKET_BUFFER` is another number of bytes: for machines short of memory, and to try small ones.
 */
export function socketBufferBytes(): number {
  const wanted = Number(process.env.JETSTREAM_SOCKET_BUFFER || Number.NaN);
  return Number.isInteger(wanted) && wanted > 0 && wanted <= MAX_BUFFER_BYTES ? wanted : USUAL_BUFFER_BYTES;
}

/**
 * Sets what Node has no call for, as far as system and rights allow: datagrams are not fragmented, and buffers may be
 * larger than the system's default maximum (root only). What is refused stays as it was.
 */
export function tuneSocket(fd: number, options: { ipv6: boolean; bufferBytes: number }): void {
  const native = ffi();
  if (!native || process.platform !== 'linux' || fd < 0) return;
  const setsockopt = native.process.func('int setsockopt(int, int, int, void *, uint32_t)');
  const set = (level: number, option: number, value: number): void => {
    setsockopt(fd, level, option, Buffer.from(new Int32Array([value]).buffer), 4);
  };
  set(SOL_SOCKET, SO_SNDBUFFORCE, options.bufferBytes);
  set(SOL_SOCKET, SO_RCVBUFFORCE, options.bufferBytes);
  set(SOL_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
  if (options.ipv6) set(SOL_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
}
