import { ffi } from '../ffi.ts';

/** Numbers of Linux; other systems have others and are left alone. */
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const IPPROTO_IP = 0;
const IP_MTU_DISCOVER = 10;
const IPPROTO_IPV6 = 41;
const IPV6_MTU_DISCOVER = 23;
/** Never fragment and never believe ICMP about it: the path MTU search of RFC 8899 does its own probing. */
const PMTUDISC_PROBE = 3;

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
  set(IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
  if (options.ipv6) set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
}
